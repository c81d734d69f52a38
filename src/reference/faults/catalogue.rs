//! Every single defect: its name, what is wrong, and in which state of the panel it shows.

use std::fmt;

/// What faults belong together with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Checks that are left out, or too strict.
    Checks,
    /// Where credentials are taken from.
    Credentials,
    /// Which keys are taken for good ones.
    Keys,
    /// Who may do what.
    Rights,
    /// Keys that are locked to addresses.
    Addresses,
    /// Which check comes first.
    Order,
    /// What refusals look like.
    Refusals,
    /// What answers tell that nobody may know.
    Exposure,
    /// What successes look like.
    Successes,
    /// Sessions, caches and origins.
    Browsers,
    /// Rate limits.
    Limits,
    /// States of the panel that are not enforced.
    States,
}

impl Group {
    /// Whether no check is left out by its faults: they change what answers look like and tell,
    /// where a key is read, or which check comes first. Cases notice that which say nothing of who
    /// gets in.
    #[must_use]
    pub const fn is_of_form(self) -> bool {
        matches!(
            self,
            Self::Refusals | Self::Successes | Self::Exposure | Self::Credentials | Self::Order
        )
    }

    /// What its faults are about.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Checks => {
                "checks left out or too strict; @ROUTE, such as @GET:/api/client, is for one route only"
            }
            Self::Credentials => "where credentials are taken from",
            Self::Keys => "which keys are taken for good ones",
            Self::Rights => "who may do what",
            Self::Addresses => "keys that are locked to addresses",
            Self::Order => "which check comes first",
            Self::Refusals => "what refusals look like",
            Self::Exposure => "what answers tell that nobody may know",
            Self::Successes => "what successes look like",
            Self::Browsers => "sessions, caches and origins",
            Self::Limits => "rate limits",
            Self::States => "states of the panel that are not enforced",
        }
    }
}

/// A state of the panel in which alone a fault shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PanelState {
    /// Spent limits refuse.
    LimitsEnforced,
    /// Everybody must have two-factor authentication.
    TwoFactorRequired,
    /// The panel is under maintenance.
    Maintenance,
    /// The machine of the servers cannot be reached.
    DaemonUnreachable,
    /// Foreign origins are let in.
    CorsOrigins,
    /// The requests come from public addresses.
    PublicCaller,
}

impl fmt::Display for PanelState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LimitsEnforced => "with --enforce-limits",
            Self::TwoFactorRequired => "in a world with two_factor_required",
            Self::Maintenance => "in a world with maintenance",
            Self::DaemonUnreachable => "in a world with wings: unreachable",
            Self::CorsOrigins => "in a world with cors_origins",
            Self::PublicCaller => "in a world with a public caller",
        })
    }
}

/// A defect as people are told of it.
pub(super) struct Entry {
    pub defect: Defect,
    pub name: &'static str,
    pub group: Group,
    pub description: &'static str,
    pub state: Option<PanelState>,
}

/// The defects and their entries, which have the same order.
macro_rules! catalogue {
    ($($group:ident { $($defect:ident $name:literal $(in $state:ident)?: $text:literal)* })*) => {
        /// One defect that is more than a check left out.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(super) enum Defect {
            $($($defect,)*)*
        }

        /// All of them, in the order in which people are shown them.
        pub(super) static ENTRIES: &[Entry] = &[
            $($(Entry {
                defect: Defect::$defect,
                name: $name,
                group: Group::$group,
                description: $text,
                state: catalogue!(@state $($state)?),
            },)*)*
        ];
    };
    (@state) => { None };
    (@state $state:ident) => { Some(PanelState::$state) };
}

catalogue! {
    Credentials {
        AuthorizationStripped "authorization-stripped": "A proxy removes the Authorization field."
        AuthorizationOfNodesStripped "authorization-of-nodes-stripped": "A proxy removes the Authorization field on the way to the API of nodes only."
        AuthorizationAdded "authorization-added": "A proxy adds an Authorization field where there is none."
        KeyFromQuery "key-from-query": "A key in the query (token, access_token, api_token) is taken."
        QueryBeforeField "query-before-field": "A key in the query counts before the one in Authorization."
        KeyFromForm "key-from-form": "A key in a form is taken."
        KeyFromJson "key-from-json": "A key in a JSON document is taken."
        KeyFromCookie "key-from-cookie": "A key in a cookie called token is taken."
        KeyFromApiKeyField "key-from-x-api-key": "A key in X-API-Key is taken."
        KeyFromOtherAuthorization "key-from-x-authorization": "X-Authorization stands for Authorization."
        BasicScheme "basic-scheme": "A key behind Basic is taken."
        BasicUser "basic-user": "A key that is the user's name of Basic authentication is taken."
        BasicPassword "basic-password": "A key that is the password of Basic authentication is taken."
        TokenScheme "token-scheme": "A key behind Token is taken."
        EmptyToken "empty-token": "A scheme without a key behind it is taken for an administrator's."
        BareToken "bare-token": "A key without any scheme is taken."
        SchemeInAnyCase "scheme-in-any-case": "The word Bearer is taken in any case, also in versions where it is not."
        SchemeInOneCase "scheme-in-one-case": "The word Bearer is taken as published only, also in versions where any case is."
        SchemeAtStart "scheme-at-start": "Bearer must be the first word, also in versions where the last one counts."
        BlanksTrimmed "blanks-trimmed": "Blanks and tabs between Bearer and the key are skipped."
        CommaKept "comma-kept": "What follows a comma behind the key belongs to the key, also where it is cut off."
        QuotesTrimmed "quotes-trimmed": "Quotes around a key are removed."
        PercentDecoded "percent-decoded": "A percent-encoded key is decoded."
        PipeCut "pipe-cut": "What stands before a | in the token is cut off."
        TrailingBlanksKept "trailing-blanks-kept": "Blanks behind the key belong to the key."
        FirstOfTwoKeys "first-of-two-keys": "Of two keys in one field the first counts."
    }
    Keys {
        AnySecret "any-secret": "An identifier that exists opens with any secret."
        SecretByPrefix "secret-by-prefix": "The beginning of a secret is enough."
        EmptySecret "empty-secret": "The identifier alone is enough."
        SecretInAnyCase "secret-in-any-case": "Secrets are compared without regard to case."
        TokenCut "token-cut": "What is longer than a key is cut to its length."
        HugeToken "huge-token": "A token of more than a kilobyte is taken for an administrator's."
        PrefixIgnored "prefix-ignored": "The prefix of the identifier is not compared."
        AnyUnprefixedKey "any-unprefixed-key": "A key without a prefix is taken for one of an older panel, unseen."
        IdentifierInOneCase "identifier-in-one-case": "Identifiers are compared letter by letter, which no panel does."
        SecretAlone "secret-alone": "The secret without the identifier is enough."
        DeletedKeyCached "deleted-key-cached": "A key that was used once works after it is deleted."
        ExpiredAccepted "expired-accepted": "Expired keys are accepted."
        DeletedOwnerAccepted "deleted-owner-accepted": "The key of a deleted user works."
        QuoteBreaks "quote-breaks": "A quote in the token breaks the query: 500."
        BytesBreak "bytes-break": "A token that is no ASCII breaks the panel: 500."
        ShortKeyBreaks "short-key-breaks": "A token shorter than an identifier breaks the panel: 500."
        UserKeyForNodes "user-key-for-nodes": "Any valid key opens the API of nodes."
        NewKeyWithoutPrefix "new-key-without-prefix": "A new key is told without the prefix of its identifier, so that it does not work."
        NewKeyIsDead "new-key-is-dead": "A new key does not work: its absence is cached."
        SecretShownAgain "secret-shown-again": "The list of keys shows the secrets too."
    }
    Rights {
        HeadUnchecked "head-unchecked": "HEAD needs no key."
        PostUnchecked "post-unchecked": "POST needs no key."
        PutUnchecked "put-unchecked": "PUT needs no key."
        PatchUnchecked "patch-unchecked": "PATCH needs no key."
        DeleteUnchecked "delete-unchecked": "DELETE needs no key."
        SlashUnchecked "slash-unchecked": "A path with a slash behind it needs no key."
        OverriddenUnchecked "override-unchecked": "A POST that says that it is another method needs no key."
        HeadWithoutRights "head-without-rights": "HEAD is not asked for key type and permission."
        ReadWrites "read-writes": "The permission to read is taken for the one to write."
        NoneReads "none-reads": "Any application key reads, whatever its permissions."
        AnyResource "any-resource": "The permission for one resource is taken for all others."
        OtherResource "other-resource": "The permission for locations is asked for instead of the one for users."
        WriteOnlyReads "write-only-reads": "The permission to write includes the one to read."
        ReadNeedsWrite "read-needs-write": "Reading needs the permission to write."
        SubuserIsOwner "subuser-is-owner": "A subuser may do all that the owner may."
        SubuserIsStranger "subuser-is-stranger": "A subuser does not see the server."
        AdminAllOpen "admin-all-open": "?type=admin-all lists the servers of all users to everybody."
        ServersOfEverybody "servers-of-everybody": "GET /api/client lists the servers of all users to everybody."
        KeysOfEverybody "keys-of-everybody": "GET /api/client/account/api-keys lists the keys of all users."
        KeysOfOthersDeleted "keys-of-others-deleted": "A user can delete the key of another."
        NothingDeleted "nothing-deleted": "Deleting a key that is not there succeeds."
        ServerByNumber "server-by-number": "The Client API takes the number of a server for its id."
        DemotedAccepted "demoted-accepted": "The application key of somebody who is no administrator any longer works."
        AdminKeyRefused "admin-key-refused": "An administrator's client key is refused where it is granted."
        AdminSeesOwn "admin-sees-own": "An administrator sees no servers of others."
        ConfigurationForReaders "configuration-for-readers": "The daemon's token is given to a key that may only read."
        HiddenAsMissing "hidden-as-missing": "The server of another user is answered in the words for one that does not exist."
        HiddenForbidden "hidden-forbidden": "The server of another user is 403 instead of 404."
    }
    Addresses {
        LockIgnored "lock-ignored": "Locks to addresses are not looked at."
        LockOfApplicationIgnored "lock-of-application-ignored": "Locks of application keys are not looked at."
        LockOnWritesOnly "lock-on-writes-only": "A locked key may read from everywhere."
        LockOnReadsOnly "lock-on-reads-only": "A locked key may write from everywhere."
        LockDropped "lock-dropped": "The addresses of a new key are not stored."
        FirstAddressOnly "first-address-only": "Of the addresses of a key the first counts only."
        RangeAsText "range-as-text": "A range of addresses is compared as text, and admits nobody."
        RangeOpen "range-open": "A range of addresses admits everybody."
        SixOpen "ipv6-open": "An IPv6 address in a lock admits everybody."
        BadAddressTaken "bad-address-taken": "A new key may be locked to what is no address."
        ForwardedForTrusted "x-forwarded-for-trusted": "X-Forwarded-For of anybody is believed."
        RealIpTrusted "x-real-ip-trusted": "X-Real-IP of anybody is believed."
        ForwardedTrusted "forwarded-trusted": "Forwarded of anybody is believed."
        ClientIpTrusted "client-ip-trusted": "Client-IP of anybody is believed."
        TrueClientIpTrusted "true-client-ip-trusted": "True-Client-IP of anybody is believed."
        ProxySeen "proxy-seen" in PublicCaller: "The address of a proxy is taken for the caller's."
        ConnectingIpTrusted "cf-connecting-ip-trusted": "CF-Connecting-IP of anybody is believed."
    }
    Order {
        JsonBeforeKey "json-before-key": "Malformed JSON is answered before the key is looked at."
        KeyBeforeCsrf "key-before-csrf": "The key is looked at before the CSRF token."
        CsrfBeforeRoute "csrf-before-route": "The CSRF token is looked at before the route."
        JsonBeforeRoute "json-before-route": "Malformed JSON is answered before the route is looked for."
        LockBeforeJson "lock-before-json": "The lock to addresses is looked at before malformed JSON."
        LockAfterKeyType "lock-after-key-type": "The key type is looked at before the lock to addresses."
        TypeBeforeId "type-before-id": "The key type is looked at before the ids in the path."
        TypeAfterRights "type-after-rights": "The key type is looked at after what the key may do."
        PermissionBeforePart "permission-before-part": "The permission is looked at before the parts of a server are looked up."
        IdBeforeKey "id-before-key": "The ids in the path are looked up before the key is looked at."
        FieldsBeforePermission "fields-before-permission": "The content is validated before the permission is looked at."
        FieldsBeforeOwnership "fields-before-ownership": "The content is validated before it is known whose server it is for."
        FieldsBeforeType "fields-before-type": "The content is validated before the key type is looked at."
        LockBeforeTwoFactor "lock-before-two-factor" in TwoFactorRequired: "The lock to addresses is looked at before the two-factor policy."
        IdBeforeTwoFactor "id-before-two-factor" in TwoFactorRequired: "The ids in the path are looked up before the two-factor policy is looked at."
        TypeBeforeTwoFactor "type-before-two-factor" in TwoFactorRequired: "The key type is looked at before the two-factor policy."
    }
    Refusals {
        HtmlErrors "html-errors": "The web server replaces refusals by pages of its own."
        LoginRedirect "login-redirect": "Who has no good key is sent to the login page, although JSON was asked for."
        StatusNumber "status-number": "`status` in an error is a number."
        ErrorsObject "errors-object": "`errors` is an object instead of a list."
        ErrorsTexts "errors-texts": "`errors` is a list of texts."
        TwoEntries "two-entries": "Every error comes twice."
        NoCode "no-code": "Errors have no `code`."
        NoDetail "no-detail": "Errors have no `detail`."
        NoRule "no-rule": "Validation errors do not name the rule."
        PlainType "plain-type": "Refusals come as text/plain."
        Bare400 "bare-400": "400 comes without the envelope."
        Bare401 "bare-401": "401 comes without the envelope."
        Bare403 "bare-403": "403 comes without the envelope."
        Bare404 "bare-404": "404 comes without the envelope."
        Bare405 "bare-405": "405 comes without the envelope."
        Bare409 "bare-409": "409 comes without the envelope."
        Bare422 "bare-422": "422 comes without the envelope."
        Bare429 "bare-429" in LimitsEnforced: "429 comes without the envelope."
        Bare503 "bare-503" in Maintenance: "503 comes without the envelope."
        Bare504 "bare-504" in DaemonUnreachable: "504 comes without the envelope."
        KeylessForbidden "keyless-403": "Who sends no key gets 403."
        KeylessNotFound "keyless-404": "Who sends no key gets 404."
        KeylessBad "keyless-400": "Who sends no key gets 400."
        KeylessPage "keyless-200": "Who sends no key gets the front page with 200."
        UnknownForbidden "unknown-403": "An unknown key gets 403."
        UnknownTold "unknown-told": "An unknown identifier is told from a wrong secret."
        WrongTypeUnauthorized "wrong-type-401": "A key of the other API gets 401."
        NoPermissionHidden "no-permission-404": "A key without the permission gets 404."
        MethodNotFound "method-404": "A method that a path does not have gets 404."
        NoAllow "no-allow": "405 does not say which methods are allowed."
        BasicChallenge "basic-challenge": "401 asks browsers for a password by WWW-Authenticate."
        InvalidBad "invalid-400": "Invalid content gets 400."
        RefusedOk "refused-200": "Refusals have status 200 and tell the error in the content."
        HeadNotAllowed "head-405": "HEAD is not allowed."
        AcceptDropped "accept-dropped": "A proxy removes the Accept field."
        JsonForEverybody "json-for-everybody": "Refusals come in JSON even to browsers."
        JsonInListUnknown "json-in-list-unknown": "JSON is not seen where Accept names further types."
        ZeroWeightObeyed "zero-weight-obeyed": "JSON with q=0 in Accept is not taken for a wish for JSON."
        AnyTypeIsJson "any-type-is-json": "Who accepts anything is taken for one who asks for JSON."
        PageTypeIsJson "page-type-is-json": "Who asks for text/html is answered in JSON."
        OtherTypeIsJson "other-type-is-json": "Who asks for plain text or XML is answered in JSON."
        NoTypeIsJson "no-type-is-json": "Who sends no Accept is taken for one who asks for JSON."
        ContentTypeForAccept "content-type-for-accept": "A Content-Type of JSON is taken for a wish for JSON."
        ScriptUnknown "script-unknown": "X-Requested-With is not looked at."
        UnknownRoutePage "unknown-route-page": "A path under /api that no route has gets the front page."
        ExternalBare "external-404-bare": "404 comes without the envelope where an external id names nothing."
        MissingBreaks "missing-500": "An id of the Application API that names nothing breaks the panel: 500."
        MissingForbidden "missing-403": "An id of the Client API that names nothing gets 403."
        PublishedTypeUnknown "published-type-unknown": "The published Accept is not taken for JSON."
        ContentTypeDropped "content-type-dropped": "A proxy removes the Content-Type field."
        VendorTypeUnknown "vendor-type-unknown": "Content of the published type is not read as JSON."
        OtherTypeRefused "other-type-415": "Content of another type than JSON gets 415."
        MalformedIgnored "malformed-json-ignored": "Malformed JSON is taken for no content."
        TextReadAsJson "text-read-as-json": "Content is read as JSON whatever its type."
    }
    Exposure {
        DebugMode "debug-mode": "Errors show lines, files and traces: APP_DEBUG is on."
        KeyInDetail "key-in-detail": "An error repeats the key."
        KeyInField "key-in-field": "A response field repeats the key."
        QueryInRedirect "query-in-redirect": "A redirect to the login page carries the query along."
        QueryInDetail "query-in-detail": "404 repeats the path with its query."
        SqlInDetail "sql-in-detail": "An unknown key is answered with the query that did not find it."
        AccountSecrets "account-secrets": "The account shows the secret of two-factor authentication."
        UserSecrets "user-secrets": "The list of users shows the hashes of passwords."
        SecretInAttributes "secret-in-attributes": "A new key has its secret among its attributes."
    }
    Successes {
        NoPagination "no-pagination": "Lists of the Client API have no `meta`."
        NoObject "no-object": "Objects do not say what they are."
        CreatedStatus "created-201": "A new key is answered with 201."
        DeletedStatus "deleted-200": "A deletion is answered with 200."
        SuccessAsPage "success-as-page": "Successes come as text/html."
        SuccessNotAcceptable "success-406": "Successes are 406 unless Accept names JSON alone."
        HeadWithoutType "head-without-type": "HEAD is answered without Content-Type."
        PageBeyondMissing "page-beyond-404": "A page beyond the last one of a list is 404."
        EmptyLists "empty-lists": "Lists are empty."
    }
    Browsers {
        SessionMinted "session-minted": "Every success sets a session cookie."
        SessionForRefused "session-for-refused": "Every refusal sets a session cookie."
        OriginReflected "origin-reflected": "Any origin may read answers with credentials."
        OriginNull "origin-null": "The origin null may read answers with credentials."
        OriginByBeginning "origin-by-beginning" in CorsOrigins: "An origin that begins like one that is let in is let in too."
        AllowedOriginUntold "allowed-origin-untold" in CorsOrigins: "An origin that is let in is not told so."
        ForeignOriginRefused "foreign-origin-refused": "A request with a foreign Origin is refused."
        CsrfForReads "csrf-for-reads": "A browser's read needs a CSRF token, too."
        CsrfForForeigners "csrf-for-foreign-pages": "A write from the page of somebody else needs a CSRF token."
        CsrfUnchecked "csrf-unchecked": "A browser's write needs no CSRF token."
        CachePublic "cache-public": "Answers may be kept by shared caches."
        AnswersShared "answers-shared": "A cache gives the answer to one key to other keys."
        CacheBeforePanel "cache-before-panel": "A cache gives a server that was read once to everybody, without asking the panel."
    }
    Limits {
        LimitUntold "limit-untold": "The fields of the rate limit are missing."
        LimitConstant "limit-constant": "What is left of the rate limit never changes."
        LimitOther "limit-other": "The limit is another one than the version's."
        LimitPerKey "limit-per-key": "Every key has a rate limit of its own."
        LimitShared "limit-shared": "All users share one rate limit."
        LimitBeforeRefusals "limit-before-refusals": "Refused requests count too."
        LimitWithoutRoute "limit-without-route": "What no route answers shows a rate limit."
        LimitOnUnauthorized "limit-on-401": "401 shows a rate limit."
        RetryAfterMissing "retry-after-missing" in LimitsEnforced: "429 does not say when to come back."
        ResetMissing "reset-missing" in LimitsEnforced: "429 has no X-RateLimit-Reset."
        LimitUnenforced "limit-unenforced" in LimitsEnforced: "A spent limit refuses nobody."
    }
    States {
        TwoFactorUnenforced "two-factor-unenforced" in TwoFactorRequired: "The two-factor policy does not hold for the API."
        TwoFactorOfEverybody "two-factor-of-everybody" in TwoFactorRequired: "Everybody must have two-factor authentication where only administrators must."
        TwoFactorEverywhere "two-factor-everywhere" in TwoFactorRequired: "The two-factor policy holds for what sets it up, too."
        MaintenanceOpen "maintenance-open" in Maintenance: "The API is open during maintenance."
        SuspendedOpen "suspended-open": "A suspended server can be used."
        InstallingOpen "installing-open": "A server can be used while it is being installed."
        LocaleHole "locale-hole": "Translations of any language and namespace are read: CVE-2025-49132."
    }
}

impl Defect {
    /// What people are told of it.
    pub(super) fn entry(self) -> &'static Entry {
        &ENTRIES[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::ENTRIES;

    #[test]
    fn every_defect_has_its_own_entry() {
        for entry in ENTRIES {
            assert_eq!(entry.defect.entry().name, entry.name);
        }
        assert!(ENTRIES.len() >= 60, "{}", ENTRIES.len());
    }
}
