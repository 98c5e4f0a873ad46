//! Templates of `CloudFormation` in YAML, with their functions carried out as far as names and ARNs need it.

use std::collections::BTreeMap;

use saphyr::{LoadableYamlNode, YamlOwned};
use serde_json::{Map, Value, json};

use super::read;

/// A template and the values of its parameters and pseudo parameters.
#[derive(Debug)]
pub struct Template {
    document: Value,
    values: BTreeMap<String, String>,
}

impl Template {
    /// Reads a template of the repository. `values` are parameters (`Env`) and pseudo parameters (`AWS::Region`).
    ///
    /// # Panics
    ///
    /// When the file is no YAML, or uses a tag that is no function of `CloudFormation` in short form.
    pub fn read(path: &str, values: &[(&str, &str)]) -> Self {
        let documents =
            YamlOwned::load_from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let values = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Self {
            document: to_json(&documents[0]),
            values,
        }
    }

    /// A section: `Parameters`, `Resources`, `Outputs`.
    ///
    /// # Panics
    ///
    /// When the template has no such section.
    pub fn section(&self, name: &str) -> &Map<String, Value> {
        self.document[name]
            .as_object()
            .unwrap_or_else(|| panic!("no section {name}"))
    }

    /// Logical name and properties, functions carried out, of each resource of a type.
    pub fn resources(&self, kind: &str) -> BTreeMap<String, Value> {
        let section = self.section("Resources").iter();
        let resources = section.filter(|(_, resource)| resource["Type"] == kind);
        resources
            .map(|(name, resource)| (name.clone(), self.resolve(&resource["Properties"])))
            .collect()
    }

    /// Carries out `Ref`, `Fn::Sub`, `Fn::GetAtt` and `Fn::If` (as true).
    fn resolve(&self, value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(|item| self.resolve(item)).collect(),
            Value::Object(fields) => match fields.iter().next() {
                Some((function, argument)) if fields.len() == 1 => {
                    match (function.as_str(), argument) {
                        ("Ref", Value::String(name)) => json!(self.reference(name)),
                        ("Fn::Sub", Value::String(text)) => json!(self.substitute(text)),
                        ("Fn::GetAtt", Value::String(path)) => {
                            let (name, attribute) =
                                path.split_once('.').expect("Resource.Attribute");
                            json!(self.attribute(name, attribute))
                        }
                        ("Fn::If", Value::Array(branches)) => self.resolve(&branches[1]),
                        _ => json!({ function: self.resolve(argument) }),
                    }
                }
                _ => fields
                    .iter()
                    .map(|(name, field)| (name.clone(), self.resolve(field)))
                    .collect(),
            },
            other => other.clone(),
        }
    }

    fn reference(&self, name: &str) -> String {
        let default = || match &self.document["Parameters"][name]["Default"] {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let value = self.values.get(name).cloned().or_else(default);
        value.unwrap_or_else(|| self.arn(name))
    }

    fn substitute(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, tail) = after.split_once('}').expect("a closed ${");
            out += before;
            out += &match name.split_once('.') {
                Some((resource, attribute)) => self.attribute(resource, attribute),
                None => self.reference(name),
            };
            rest = tail;
        }
        out + rest
    }

    fn attribute(&self, logical: &str, attribute: &str) -> String {
        match attribute {
            "Arn" => self.arn(logical),
            "QueueName" => {
                let name = &self.section("Resources")[logical]["Properties"][attribute];
                let name = self.resolve(name);
                name.as_str().expect("a queue's name").to_owned()
            }
            _ => panic!("{logical}.{attribute} is not known"),
        }
    }

    /// The ARN of a resource of the template, from its name.
    fn arn(&self, logical: &str) -> String {
        let resource = &self.section("Resources")[logical];
        let name = |property: &str| {
            let name = self.resolve(&resource["Properties"][property]);
            name.as_str()
                .unwrap_or_else(|| panic!("{logical} has no {property}"))
                .to_owned()
        };
        let prefix = |service: &str| {
            let (partition, region) = (&self.values["AWS::Partition"], &self.values["AWS::Region"]);
            format!(
                "arn:{partition}:{service}:{region}:{}",
                self.values["AWS::AccountId"]
            )
        };
        match resource["Type"].as_str() {
            Some("AWS::Serverless::Function") => {
                format!("{}:function:{}", prefix("lambda"), name("FunctionName"))
            }
            Some("AWS::Serverless::StateMachine") => {
                format!("{}:stateMachine:{}", prefix("states"), name("Name"))
            }
            Some("AWS::SQS::Queue") => format!("{}:{}", prefix("sqs"), name("QueueName")),
            Some("AWS::SNS::Topic") => format!("{}:{}", prefix("sns"), name("TopicName")),
            Some("AWS::Events::Rule") => format!("{}:rule/{}", prefix("events"), name("Name")),
            Some("AWS::Logs::LogGroup") => {
                format!("{}:log-group:{}:*", prefix("logs"), name("LogGroupName"))
            }
            // For these resources it is enough that two references to the same one are equal.
            _ => format!("{}:{logical}", prefix("unknown")),
        }
    }
}

fn to_json(node: &YamlOwned) -> Value {
    match node {
        YamlOwned::Tagged(tag, inner) => {
            let inner = to_json(inner);
            match tag.suffix.as_str() {
                "Ref" => json!({ "Ref": inner }),
                "Condition" => json!({ "Condition": inner }),
                name @ ("Sub" | "GetAtt" | "If" | "Equals" | "Not" | "And" | "Or" | "Join"
                | "Select" | "Split") => {
                    json!({ (format!("Fn::{name}")): inner })
                }
                other => panic!("unknown tag !{other}"),
            }
        }
        YamlOwned::Mapping(fields) => {
            let fields = fields.iter();
            fields
                .map(|(name, field)| {
                    (
                        name.as_str().expect("a string key").to_owned(),
                        to_json(field),
                    )
                })
                .collect()
        }
        YamlOwned::Sequence(items) => items.iter().map(to_json).collect(),
        // YAML does not resolve a scalar that has a tag, such as `!Ref Name`, so it stays a string.
        YamlOwned::Representation(text, ..) => json!(text),
        scalar => {
            if let Some(flag) = scalar.as_bool() {
                json!(flag)
            } else if let Some(number) = scalar.as_integer() {
                json!(number)
            } else if let Some(number) = scalar.as_floating_point() {
                json!(number)
            } else if let Some(text) = scalar.as_str() {
                json!(text)
            } else if scalar.is_null() {
                Value::Null
            } else {
                panic!("unexpected node {scalar:?}")
            }
        }
    }
}
