/* Stands before the C library in a program that is watched (LD_PRELOAD), and writes down whom it
   asks for, before it does: names that are looked up, and addresses that are connected with or sent
   to. A line each, to the file of SELFTEST_WITNESS. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void tell(const char *line) {
    const char *path = getenv("SELFTEST_WITNESS");
    int file = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    /* A witness that cannot write must not look like one that saw nothing. */
    if (file < 0 || write(file, line, strlen(line)) < 0) abort();
    close(file);
}

static void tell_address(const struct sockaddr *to) {
    char address[INET6_ADDRSTRLEN] = "", line[INET6_ADDRSTRLEN + 64];
    if (!to || to->sa_family == AF_UNSPEC) return;
    if (to->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)to;
        inet_ntop(AF_INET, &in->sin_addr, address, sizeof address);
        snprintf(line, sizeof line, "%s:%d\n", address, ntohs(in->sin_port));
    } else if (to->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)to;
        inet_ntop(AF_INET6, &in->sin6_addr, address, sizeof address);
        snprintf(line, sizeof line, "[%s]:%d\n", address, ntohs(in->sin6_port));
    } else {
        snprintf(line, sizeof line, "family %d\n", to->sa_family);
    }
    tell(line);
}

#define REAL(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

int connect(int socket, const struct sockaddr *to, socklen_t length) {
    tell_address(to);
    return REAL(connect)(socket, to, length);
}

ssize_t sendto(int socket, const void *bytes, size_t count, int flags, const struct sockaddr *to, socklen_t length) {
    tell_address(to);
    return REAL(sendto)(socket, bytes, count, flags, to, length);
}

ssize_t sendmsg(int socket, const struct msghdr *message, int flags) {
    tell_address(message->msg_name);
    return REAL(sendmsg)(socket, message, flags);
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    char line[1100];
    snprintf(line, sizeof line, "name %s\n", name ? name : "");
    tell(line);
    return REAL(getaddrinfo)(name, service, hints, found);
}
