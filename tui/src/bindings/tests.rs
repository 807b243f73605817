use super::*;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};

fn chosen(settings: &[(&str, &[&str])]) -> Result<KeyBindings, KeyBindingError> {
    let list = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    let map: BTreeMap<String, Vec<String>> =
        settings.iter().map(|(action, keys)| ((*action).to_owned(), list(keys))).collect();
    KeyBindings::try_from(&map)
}

fn meaning(bindings: &KeyBindings, code: KeyCode, modifiers: KeyModifiers) -> Option<KeyAction> {
    bindings.action(&KeyEvent::new(code, modifiers), |_| true)
}

#[test]
fn every_action_of_the_table_has_keys_and_no_key_has_two_meanings() {
    let bindings = KeyBindings::default();
    bindings.unambiguous().expect("the table is clear");
    for (bind, _) in binds() {
        assert_eq!(bindings.keys_for(bind.action).len(), bind.keys.len(), "a key of `{}` has no name", bind.name);
    }
    assert_eq!(chosen(&[]), Ok(bindings));
}

#[test]
fn chosen_keys_take_the_place_of_an_actions_own() {
    let bindings = chosen(&[("down", &["e", "Ctrl-N", "Alt-x", "Insert", "F5"]), ("save", &[])]).expect("they fit");
    assert_eq!(meaning(&bindings, KeyCode::Char('j'), KeyModifiers::NONE), None);
    assert_eq!(meaning(&bindings, KeyCode::Char('w'), KeyModifiers::NONE), None);
    for (code, modifiers) in [
        (KeyCode::Char('e'), KeyModifiers::NONE),
        (KeyCode::Char('n'), KeyModifiers::CONTROL),
        (KeyCode::Char('x'), KeyModifiers::ALT),
        (KeyCode::Insert, KeyModifiers::NONE),
        (KeyCode::F(5), KeyModifiers::NONE),
    ] {
        assert_eq!(meaning(&bindings, code, modifiers), Some(KeyAction::Down), "{code:?}");
    }
    assert_eq!(bindings.names(KeyAction::Down), ["e", "Ctrl-N", "Alt-x", "Insert", "F5"]);
    assert_eq!(bindings.names(KeyAction::ShowError), [""; 0], "a tab gives way");
    assert_eq!(bindings.first(KeyAction::Save), "save");
}

#[test]
fn a_capital_letter_is_another_key_with_and_without_a_shift_flag() {
    let bindings = KeyBindings::default();
    for shift in [KeyModifiers::NONE, KeyModifiers::SHIFT] {
        assert_eq!(meaning(&bindings, KeyCode::Char('G'), shift), Some(KeyAction::Last));
    }
    assert_eq!(meaning(&bindings, KeyCode::Char('g'), KeyModifiers::NONE), Some(KeyAction::First));
    assert_eq!(meaning(&bindings, KeyCode::Char('g'), KeyModifiers::CONTROL), None);
}

#[test]
fn a_key_may_mean_two_things_only_where_they_never_meet() {
    assert!(chosen(&[("open", &["n"])]).is_ok(), "the table and the log");
    let error = chosen(&[("save", &["j"])]).expect_err("both work");
    assert_eq!(error.to_string(), "`j` cannot mean both `down` and `save`: give one of them another key");
}

#[test]
fn a_wrong_setting_is_named_with_the_allowed_ones() {
    let message = |settings: &[(&str, &[&str])]| chosen(settings).expect_err("it is wrong").to_string();
    let unknown = message(&[("downn", &["e"])]);
    assert!(unknown.contains("`downn`") && unknown.contains("down, up, page-down"), "{unknown}");
    assert!(!unknown.contains("cancel-all"), "{unknown}");
    let unnamed = message(&[("save", &["Hyper-w"])]);
    assert!(unnamed.contains("`save`") && unnamed.contains("`Hyper-w`") && unnamed.contains("PgUp"), "{unnamed}");
    let kept = message(&[("save", &["Ctrl-C"])]);
    assert_eq!(kept, "`save` cannot be on `Ctrl-C`, which always means `cancel-all`");
    assert_eq!(message(&[("leave", &[])]), "`leave` needs a key");
    assert_eq!(message(&[("leave-stay", &[])]), "`leave-stay` needs a key");
}

#[test]
fn a_key_that_no_terminal_sends_is_refused() {
    for (key, sent_as) in
        [("Ctrl-M", "Enter"), ("Ctrl-m", "Enter"), ("Ctrl-I", "Tab"), ("Ctrl-[", "Esc"), ("Ctrl-Tab", "Tab")]
    {
        let message = chosen(&[("leave", &[key])]).expect_err("nobody could leave").to_string();
        assert!(message.contains("`leave`") && message.contains(&format!("terminals send `{sent_as}`")), "{message}");
    }
    assert!(chosen(&[("leave", &["Ctrl-N", "Alt-m", "m"])]).is_ok());
}
