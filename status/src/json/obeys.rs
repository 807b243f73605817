//! A check of lines against the schema of the events, for the few keywords of JSON Schema that it uses; a line may have
//! no field that the schema does not name. The tests of the whole program use it, too.

use serde_json::Value;

/// Returns whether `value` obeys `rule`.
pub(crate) fn obeys(schema: &Value, rule: &Value, value: &Value) -> bool {
    if let Some(name) = rule["$ref"].as_str() {
        return obeys(schema, &schema["$defs"][name.trim_start_matches("#/$defs/")], value);
    }
    let is = |kind: &str| match kind {
        "string" => value.is_string(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the schema says {other:?}"),
    };
    let of_kind = match &rule["type"] {
        Value::String(kind) => is(kind),
        Value::Array(kinds) => kinds.iter().any(|kind| is(kind.as_str().unwrap_or_default())),
        _ => true,
    };
    let bound = |name: &str| rule[name].as_f64().zip(value.as_f64());
    let bounded = bound("minimum").is_none_or(|(least, value)| value >= least)
        && bound("maximum").is_none_or(|(most, value)| value <= most);
    let constant = rule.get("const").is_none_or(|constant| constant == value);
    let listed = rule["enum"].as_array().is_none_or(|values| values.contains(value));
    let complete = rule["required"].as_array().is_none_or(|names| {
        names.len() == value.as_object().map_or(0, |object| object.len())
            && names.iter().all(|name| value.get(name.as_str().unwrap_or_default()).is_some())
    });
    let fields = rule["properties"].as_object().is_none_or(|rules| {
        rules.iter().all(|(name, rule)| value.get(name).is_none_or(|field| obeys(schema, rule, field)))
    });
    let items = rule
        .get("items")
        .is_none_or(|rule| value.as_array().is_some_and(|all| all.iter().all(|one| obeys(schema, rule, one))));
    of_kind && bounded && constant && listed && complete && fields && items
}
