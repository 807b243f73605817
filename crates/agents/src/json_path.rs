//! Places in a JSON value, and conditions on them, as `agents.toml` writes them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A place in a JSON value: names and numbers, with dots between them, such as `message.content.0.name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub(super) struct JsonPath(Vec<String>);

impl From<String> for JsonPath {
    fn from(text: String) -> Self {
        Self(text.split('.').map(str::to_owned).collect())
    }
}

impl From<JsonPath> for String {
    fn from(place: JsonPath) -> Self {
        place.0.join(".")
    }
}

impl JsonPath {
    /// Find the value at this place; `None` if it is missing or null.
    pub(super) fn value_in<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        let step = |value: &'a Value, name: &String| match value {
            Value::Object(fields) => fields.get(name),
            Value::Array(items) => name.parse::<usize>().ok().and_then(|index| items.get(index)),
            _ => None,
        };
        self.0.iter().try_fold(value, step).filter(|value| !value.is_null())
    }

    /// Find the text at this place.
    pub(super) fn text_in<'a>(&self, value: &'a Value) -> Option<&'a str> {
        self.value_in(value)?.as_str()
    }
}

/// Conditions on places, all of which must hold. An empty set always holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct JsonConditions(BTreeMap<JsonPath, JsonValueCondition>);

/// A condition on one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum JsonValueCondition {
    /// It is this text, or anything at all if this is `*`.
    Text(String),
    Flag(bool),
    Number(i64),
    /// One of these holds.
    Any(Vec<JsonValueCondition>),
}

impl JsonConditions {
    /// Returns whether the value meets all conditions.
    pub(super) fn holds(&self, value: &Value) -> bool {
        self.0.iter().all(|(place, condition)| place.value_in(value).is_some_and(|value| condition.holds(value)))
    }
}

impl JsonValueCondition {
    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Text(text) => text == "*" || value.as_str() == Some(text),
            Self::Flag(flag) => value.as_bool() == Some(*flag),
            Self::Number(number) => value.as_i64() == Some(*number),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_condition_holds_only_where_its_place_is_and_has_one_of_its_values() {
        let when: JsonConditions = toml::from_str(
            r#"type = ["a", "b"]
            "x.0.y" = "*"
            z = true"#,
        )
        .expect("conditions");
        assert!(when.holds(&json!({"type": "b", "x": [{"y": 1}], "z": true})));
        for other in [
            json!({"type": "c", "x": [{"y": 1}], "z": true}),
            json!({"type": "a", "x": [{"y": null}], "z": true}),
            json!({"type": "a", "x": [], "z": true}),
            json!({"type": "a", "x": [{"y": 1}], "z": 1}),
            json!([1]),
        ] {
            assert!(!when.holds(&other), "{other}");
        }
        assert!(JsonConditions::default().holds(&json!(1)));
    }
}
