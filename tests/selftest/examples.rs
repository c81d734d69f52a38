//! `examples/github`: what its shell parts do, step by step as a runner would, with panels on this
//! machine in the place of the others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use libtest_mimic::Trial;
use serde_json::Value;

use super::panel::Panel;
use super::program::{Said, root, run, shell};

const PROFILE: &str = "pterodactyl-1.11";

pub(crate) fn trials() -> Vec<Trial> {
    let trial = Trial::test("examples/github", || {
        github();
        Ok(())
    });
    // Its runners have a shell; not every machine has one.
    vec![trial.with_ignored_flag(cfg!(not(unix)))]
}

/// Actions that a runner brings, each of one version; what they keep stays where it is here.
const ACTIONS: [&str; 3] = [
    "actions/checkout@v4",
    "actions/upload-artifact@v4",
    "actions/download-artifact@v4",
];

/// A folder as a repository that has taken the example, and the panels of its matrix.
struct Repository {
    folder: tempfile::TempDir,
    panels: BTreeMap<String, Panel>,
    /// What jobs have saved, by its key, in the order of time.
    cache: Vec<(String, BTreeMap<String, String>)>,
    /// How many times the workflow was run.
    days: usize,
}

impl Repository {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a panel into the place of the one that a target file names.
    fn set(&mut self, name: &str, panel: Panel) {
        let file = root().join(format!("examples/github/panels/{name}.yaml"));
        let text = std::fs::read_to_string(file).expect("a target file");
        let there = format!("https://{name}.example.com");
        assert!(text.contains(&there), "{text}");
        let text = text.replace(&there, panel.url());
        std::fs::create_dir_all(self.path("panels")).expect("a folder");
        std::fs::write(self.path(&format!("panels/{name}.yaml")), text).expect("a file");
        self.panels.insert(name.to_owned(), panel);
    }

    /// Runs the steps of a job that are shell, and returns what each said. As on a runner, a step
    /// that is not for always is left out once one has failed, and nothing is there of another job
    /// but what was saved.
    fn play(&mut self, job: &Value, panel: Option<&str>) -> Vec<(String, Said)> {
        let mut said: Vec<(String, Said)> = Vec::new();
        let _ = std::fs::remove_dir_all(self.path("before"));
        for step in job["steps"].as_array().expect("steps") {
            let has_failed = said.iter().any(|(_, said)| said.code != Some(0));
            if has_failed && step["if"] != "always()" {
                continue;
            }
            let Some(script) = step["run"].as_str() else {
                self.act(step, panel);
                continue;
            };
            let name = step["name"].as_str().expect("a name");
            if name == "install" {
                continue;
            }
            assert!(
                !script.contains("${{"),
                "what a runner puts in is code: {script}"
            );
            let mut command = shell(script);
            command.current_dir(self.folder.path());
            command.env("GITHUB_STEP_SUMMARY", self.path("summary.md"));
            let env = step["env"].as_object();
            for (variable, value) in env.into_iter().flatten() {
                let value = value.as_str().expect("a text");
                command.env(variable, self.filled(value, panel));
            }
            said.push((name.to_owned(), run(&mut command)));
        }
        said
    }

    /// Does what an action does.
    fn act(&mut self, step: &Value, panel: Option<&str>) {
        let action = step["uses"].as_str().expect("an action");
        let text = |name: &str| {
            let written = step["with"][name].as_str().expect("a text");
            let day = self.days.to_string();
            let filled = written.replace("${{ matrix.panel }}", panel.unwrap_or_default());
            let filled = filled.replace("${{ github.run_id }}", &day);
            filled.replace("${{ github.run_attempt }}", "1")
        };
        match action {
            "actions/cache/restore@v4" => {
                let (folder, prefix) = (self.path(&text("path")), text("restore-keys"));
                let mut saved = self.cache.iter().rev();
                let Some((_, files)) = saved.find(|(key, _)| key.starts_with(&prefix)) else {
                    return;
                };
                std::fs::create_dir_all(&folder).expect("a folder");
                for (name, text) in files {
                    std::fs::write(folder.join(name), text).expect("a file");
                }
            }
            "actions/cache/save@v4" => {
                let (folder, key) = (self.path(&text("path")), text("key"));
                assert!(
                    self.cache.iter().all(|(other, _)| *other != key),
                    "{key} twice"
                );
                self.cache.push((key, files(&folder)));
            }
            other => assert!(ACTIONS.contains(&other), "an unknown action: {other}"),
        }
    }

    /// What a runner puts in the place of an expression.
    fn filled(&self, text: &str, panel: Option<&str>) -> String {
        let name = panel.expect("a job of a panel");
        match text {
            "${{ matrix.panel }}" => name.to_owned(),
            "${{ secrets.CLIENT_KEY }}" => self.panels[name].key("client"),
            "${{ secrets.APPLICATION_KEY }}" => self.panels[name].key("application"),
            other => panic!("an expression that no runner of this test knows: {other}"),
        }
    }
}

fn github() {
    let text = std::fs::read_to_string(root().join("examples/github/panels.yml"));
    let workflow: Value = serde_saphyr::from_str(&text.expect("a workflow")).expect("YAML");
    installs_one_version(&workflow);
    let jobs = &workflow["jobs"];
    let matrix = jobs["panel"]["strategy"]["matrix"]["panel"].as_array();
    let names: Vec<_> = matrix
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(names, ["eu-1", "eu-2"]);
    let mut repository = Repository {
        folder: tempfile::tempdir().expect("a folder"),
        panels: BTreeMap::new(),
        cache: Vec::new(),
        days: 1,
    };
    for name in &names {
        repository.set(name, Panel::serve(PROFILE));
    }
    let codes =
        |said: &[(String, Said)]| said.iter().map(|(_, said)| said.code).collect::<Vec<_>>();
    for name in &names {
        let said = repository.play(&jobs["panel"], Some(name));
        assert_eq!(codes(&said), [Some(0); 2], "{said:?}");
        assert!(!said[1].1.stdout.contains("not expected"), "{said:?}");
    }
    let said = repository.play(&jobs["summary"], None);
    assert_eq!(codes(&said), [Some(0)], "{said:?}");
    assert!(said[0].1.stdout.ends_with("2 passed\n"), "{said:?}");
    // The next day one of them has lost a check.
    repository.days += 1;
    repository.set(
        "eu-2",
        Panel::serve_with(PROFILE, &["--fault", "skip-key-type"]),
    );
    let sound = repository.play(&jobs["panel"], Some("eu-1"));
    assert_eq!(codes(&sound), [Some(0); 2], "{sound:?}");
    assert!(sound[1].1.stdout.contains("NOTHING CHANGED"), "{sound:?}");
    let faulty = repository.play(&jobs["panel"], Some("eu-2"));
    assert_eq!(codes(&faulty), [Some(1); 2], "{faulty:?}");
    assert!(faulty[1].1.stdout.contains("CHANGED: of "), "{faulty:?}");
    let summary = repository.play(&jobs["summary"], None);
    assert_eq!(codes(&summary), [Some(1)], "{summary:?}");
    let told = &summary[0].1.stdout;
    assert!(told.ends_with("1 failed · 1 passed\n"), "{told}");
    // On the third it is as on the second, which was kept though it had failed.
    repository.days += 1;
    let again = repository.play(&jobs["panel"], Some("eu-2"));
    assert_eq!(codes(&again), [Some(1), Some(0)], "{again:?}");
    assert!(again[1].1.stdout.contains("NOTHING CHANGED"), "{again:?}");
    let said = [sound, faulty, summary, again].into_iter().flatten();
    no_keys(
        &repository,
        &said.map(|(_, said)| said.all()).collect::<String>(),
    );
}

/// Every job installs the same version, which is the one that the example is written for.
fn installs_one_version(workflow: &Value) {
    let version = workflow["env"]["VERSION"].as_str();
    assert_eq!(version, Some(concat!("v", env!("CARGO_PKG_VERSION"))));
    let jobs = workflow["jobs"].as_object().expect("jobs");
    let steps = jobs
        .values()
        .filter_map(|job| job["steps"].as_array())
        .flatten();
    let installs = steps.filter(|step| step["name"] == "install");
    let mut count = 0;
    for script in installs.filter_map(|step| step["run"].as_str()) {
        for wanted in ["cargo install --locked ", " --tag \"$VERSION\""] {
            assert!(script.contains(wanted), "{wanted}: {script}");
        }
        count += 1;
    }
    assert_eq!(count, jobs.len(), "a job installs nothing");
}

/// Nothing that a workflow keeps or shows has a key in it.
fn no_keys(repository: &Repository, said: &str) {
    let kept = ["summary.md", "results", "recordings"].map(|name| read(&repository.path(name)));
    for panel in repository.panels.values() {
        for role in ["client", "application"] {
            let key = panel.key(role);
            assert!(!said.contains(&key), "{role}");
            assert!(
                kept.iter()
                    .all(|text| !text.is_empty() && !text.contains(&key)),
                "{role}"
            );
        }
    }
}

/// A file, or all files of a folder.
fn read(path: &Path) -> String {
    if path.is_file() {
        return std::fs::read_to_string(path).expect("a text");
    }
    let files = std::fs::read_dir(path)
        .expect("a folder")
        .map(|entry| entry.expect("a file").path());
    files.map(|file| read(&file)).collect()
}

/// The files of a folder, by their names.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("a file").path());
    let file = |path: PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy();
        (name.into_owned(), read(&path))
    };
    paths.map(file).collect()
}
