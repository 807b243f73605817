use vx_base::files::agreed_file::NamedKind;

use super::*;
use crate::trust::Whereabouts;
use std::cell::Cell;
use std::fs;

/// A checkout with a script in several places, a Makefile, and a Python package.
struct Laid {
    _keep: tempfile::TempDir,
    top: PathBuf,
}

impl Laid {
    fn new() -> Self {
        let keep = tempfile::tempdir().expect("a directory");
        let top = fs::canonicalize(keep.path()).expect("it is there");
        let laid = Self { _keep: keep, top };
        for file in [
            "vx.toml",
            "run.sh",
            "api/run.sh",
            "tools/run.sh",
            "tools/run2.sh",
            "tools/.run3.sh",
            "a b/run.sh",
            "Makefile",
            "package.json",
            "pkg/__main__.py",
            "pkg/deep/mod.py",
            "one.py",
            "justfile",
        ] {
            laid.write(file, "good");
        }
        laid
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.top.join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a directory");
        fs::write(path, text).expect("a file");
    }

    fn named_by(&self, texts: &[&str], directory: &str, meaning: PartValueKind) -> Vec<NamedFile> {
        let texts: Vec<String> =
            texts.iter().map(|text| text.replace("TOP", &self.top.display().to_string())).collect();
        let checkout = Checkout::from_whereabouts(&Whereabouts::locate(&self.top));
        named_files(&texts, &[self.top.clone(), self.top.join(directory)], meaning, &checkout)
    }

    fn paths(&self, texts: &[&str], directory: &str) -> Vec<String> {
        let named = self.named_by(texts, directory, PartValueKind::Command);
        let path = |file: NamedFile| match file.kind {
            NamedKind::File => file.path,
            NamedKind::Untracked => format!("{} untracked", file.path),
            _ => format!("{}/", file.path),
        };
        named.into_iter().map(path).collect()
    }

    /// Let git track everything except `data.json` and `data`; `false` without git.
    fn track(&self) -> bool {
        let git = |words: &str| {
            let words: Vec<&std::ffi::OsStr> = words.split(' ').map(std::ffi::OsStr::new).collect();
            vx_process::output(Path::new("git"), &words, &self.top).is_ok_and(|output| output.exit.success())
        };
        if !git("init -q") || !git("add .") {
            return false;
        }
        for file in ["data.json", "data/base", "new.sh"] {
            self.write(file, "x");
        }
        true
    }
}

/// Contents without any file, which may be looked at this many times.
struct Counting {
    looks: Cell<usize>,
    most: usize,
}

impl Counting {
    fn looks_of(texts: &[String], most: usize) -> usize {
        let counting = Self { looks: Cell::new(0), most };
        named_files(texts, &[PathBuf::from("/p")], PartValueKind::Command, &counting);
        counting.looks.get()
    }

    fn look<T>(&self) -> Option<T> {
        self.looks.set(self.looks.get() + 1);
        None
    }
}

impl NamedFileLookup for Counting {
    fn file(&self, _: &Path) -> Option<NamedFile> {
        self.look()
    }

    fn file_or_folder(&self, _: &Path) -> Option<NamedFile> {
        self.look()
    }

    fn untracked(&self, _: &Path) -> Option<NamedFile> {
        self.look()
    }

    fn names(&self, _: &Path) -> Vec<String> {
        self.look::<()>();
        Vec::new()
    }

    fn is_spent(&self) -> bool {
        self.looks.get() >= self.most
    }
}

#[test]
fn a_word_is_looked_for_once_in_each_directory_however_often_it_comes() {
    let texts = |count: usize| {
        let entered = "cd a;cd b;cd c;cd d; ";
        let repeated = |word: &str| format!("{entered}{}", word.repeat(count));
        let list: Vec<String> = ["sh".to_owned()].into_iter().chain(vec!["x".to_owned(); count]).collect();
        [vec![repeated("x ")], vec![repeated("x*;")], vec![repeated("sh x;")], vec![repeated("'x y' ")], list]
    };
    for (few, many) in texts(10).iter().zip(&texts(10_000)) {
        let (few, many) = [few, many].map(|texts| Counting::looks_of(texts, usize::MAX)).into();
        assert_eq!(few, many);
    }
}

#[test]
fn nothing_is_looked_at_once_no_looks_are_left() {
    let words: String = (0..10_000).map(|number| format!("x{number} ")).collect();
    let most = 500;
    let beyond = Counting::looks_of(&[format!("cd a;cd b;cd c;cd d; {words}")], most) - most;
    assert!(beyond < 2 * MOST_DIRECTORIES, "{beyond} looks beyond the limit");
}

#[test]
fn an_argument_that_git_does_not_track_is_not_compared_and_a_program_is() {
    let laid = Laid::new();
    let outside: Vec<String> = laid.paths(&["./run.sh data.json"], "");
    assert_eq!(outside, ["run.sh"], "it is not there yet");
    if !laid.track() {
        return;
    }
    for (command, expected) in [
        ("./run.sh data.json", &["data.json untracked", "run.sh"][..]),
        ("./run.sh --data=data.json -d data", &["data untracked", "data.json untracked", "run.sh"]),
        ("./run.sh <data.json >>data/base", &["data.json untracked", "data/base untracked", "run.sh"]),
        ("sh <data.json >|data/base", &["data.json", "data/base untracked"]),
        ("(<data/base sh new.sh)", &["data/base", "new.sh"]),
        ("./run.sh data.json&./new.sh", &["data.json untracked", "new.sh", "run.sh"]),
        ("./run.sh $(./new.sh data.json)", &["data.json untracked", "new.sh", "run.sh"]),
        ("./run.sh 2>&1 data.json", &["data.json untracked", "run.sh"]),
        ("sh run.sh data.json", &["data.json untracked", "run.sh"]),
        ("./run.sh one.py data.json", &["data.json untracked", "one.py", "run.sh"]),
        ("./run.sh *.json", &["data.json untracked", "package.json", "run.sh"]),
        ("./new.sh data.json", &["data.json untracked", "new.sh"]),
        ("sh new.sh", &["new.sh"]),
        ("sh -e new.sh", &["new.sh"]),
        ("sh data.json", &["data.json"]),
        ("./run.sh new.sh; sh new.sh", &["new.sh", "run.sh"]),
        ("run-parts data", &["data/"]),
        ("sh -c './run.sh data.json; ./new.sh'", &["data.json untracked", "new.sh", "run.sh"]),
        ("./run.sh \"$(./new.sh data.json)\"", &["data.json", "new.sh", "run.sh"]),
        ("sh $(true) new.sh", &["new.sh"]),
        ("$RUN data.json", &["data.json"]),
    ] {
        assert_eq!(laid.paths(&[command], ""), expected, "{command}");
    }
    assert_eq!(laid.paths(&["./run.sh", "data.json"], ""), ["data.json untracked", "run.sh"]);
    assert_eq!(laid.paths(&["sh", "new.sh", "data.json"], ""), ["data.json untracked", "new.sh"]);
    assert_eq!(laid.paths(&["sh", "-c", "./new.sh data.json"], ""), ["data.json untracked", "new.sh"]);
    let of = |meaning| laid.named_by(&["new.sh", "data.json"], "", meaning).into_iter().map(|file| file.kind);
    assert!(of(PartValueKind::Words).chain(of(PartValueKind::Value)).all(|kind| kind == NamedKind::File));
}

#[test]
fn every_form_in_which_a_command_names_a_file_is_found_and_sees_its_change() {
    for (command, directory, file) in [
        ("./run.sh", "api", "api/run.sh"),
        ("sh run.sh --all", "api", "api/run.sh"),
        ("cd tools && ./run.sh", "", "tools/run.sh"),
        ("cd -P 'a b'; ./run.sh", "", "a b/run.sh"),
        ("(cd api/../tools; cd ../api && ./run.sh)", "", "api/run.sh"),
        ("$PWD/run.sh", "api", "api/run.sh"),
        ("\"${PWD}\"/run.sh", "api", "api/run.sh"),
        ("`pwd`/run.sh x", "api", "api/run.sh"),
        ("./run*.sh", "tools", "tools/run2.sh"),
        ("TOP/tools/run?.sh", "", "tools/run2.sh"),
        ("tools/.run*", "", "tools/.run3.sh"),
        ("./r\"un\".sh", "api", "api/run.sh"),
        ("./ru\\n.sh", "api", "api/run.sh"),
        ("'a b/run.sh'", "", "a b/run.sh"),
        ("sh -c 'cd tools; exec \"./run.sh\" $1'", "", "tools/run.sh"),
        ("echo \"$(cat api/run.sh)\" `./run.sh`", "", "api/run.sh"),
        ("X=api/run.sh sh -e $X", "", "api/run.sh"),
        ("tool --config=api/run.sh -fone.py -v ./tools/run.sh:/x", "", "tools/run.sh"),
        ("tool -fone.py @run.sh", "", "one.py"),
        ("tool tools", "", "tools/run.sh"),
        ("python3 .", "pkg", "pkg/deep/mod.py"),
        ("make build", "", "Makefile"),
        ("npm run dev", "", "package.json"),
        ("/usr/bin/just dev", "", "justfile"),
        ("python3 -m pkg.deep", "", "pkg/deep/mod.py"),
        ("python3 -m one", "", "one.py"),
        (". ./run.sh", "api", "api/run.sh"),
    ] {
        let laid = Laid::new();
        let named = |laid: &Laid| laid.named_by(&[command], directory, PartValueKind::Command);
        let before = named(&laid);
        assert_eq!(named(&laid), before, "{command}");
        laid.write(file, "evil");
        assert_ne!(named(&laid), before, "{command}: {before:?}");
    }
}

#[test]
fn a_file_that_a_pattern_finds_later_is_another_answer() {
    let laid = Laid::new();
    let before = laid.paths(&["./run*.sh"], "tools");
    assert_eq!(before, ["run.sh", "tools/run.sh", "tools/run2.sh"], "the project's directory counts, too");
    laid.write("tools/run0.sh", "evil");
    assert_ne!(laid.paths(&["./run*.sh"], "tools"), before);
}

#[test]
fn the_words_of_a_list_are_words_and_may_be_texts() {
    let laid = Laid::new();
    assert_eq!(laid.paths(&["go", "run", "./api"], ""), ["api/"]);
    assert_eq!(laid.paths(&["./a b/run.sh"], ""), ["a b/run.sh"]);
    assert_eq!(laid.paths(&["sh", "-c", "cd tools && ./run2.sh"], ""), ["tools/run2.sh"]);
    assert_eq!(laid.paths(&["python3", "-m", "one"], ""), ["one.py"]);
}

#[test]
fn what_is_no_command_names_files_alone() {
    let laid = Laid::new();
    let named = |text: &str| {
        let named = laid.named_by(&[text], "", PartValueKind::Value);
        named.into_iter().map(|file| file.path).collect::<Vec<_>>()
    };
    assert_eq!(named("api/run.sh"), ["api/run.sh"]);
    for text in ["api", "**/*.sh", "./run*", "make", "*.py", "."] {
        assert_eq!(named(text), [""; 0], "{text}");
    }
}

#[test]
fn nothing_outside_of_the_checkout_is_named() {
    let laid = Laid::new();
    let outside = tempfile::tempdir().expect("a directory");
    fs::write(outside.path().join("run.sh"), "x").expect("a file");
    let outside = outside.path().display();
    for command in
        [format!("{outside}/run.sh"), format!("cd {outside} && ./run2.sh"), "../run2.sh $HOME/run2.sh".into()]
    {
        assert_eq!(laid.paths(&[&command], ""), [""; 0], "{command}");
    }
}

#[test]
fn a_command_gets_other_paths_word_by_word() {
    let other = |path: &Path| (path == Path::new("/p/a b.sh")).then(|| "'/c/0'".to_owned());
    for (command, expected) in [
        ("sh '/p/a b.sh' x", "sh '/c/0' x"),
        ("/p/a\\ b.sh;/p/\"a b.sh\"", "'/c/0';'/c/0'"),
        (
            "sh /p/a b.sh '$PWD/p/a b.sh' -f'/p/a b.sh' $X'/p/a b.sh'",
            "sh /p/a b.sh '$PWD/p/a b.sh' -f'/p/a b.sh' $X'/p/a b.sh'",
        ),
        ("sh -c \"'/p/a b.sh'\"", "sh -c \"'/p/a b.sh'\""),
    ] {
        assert_eq!(with_other_paths(command, &other), expected, "{command}");
    }
}
