//! An expression of the user's own in the place of a kind's rule, in CEL over `object`.
//!
//! A stranger wrote it, so it is bounded before it runs, by its length, by how far its loops nest, and for each object by
//! what the loops would cost: an expression has no clock to be stopped by, and needs none.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

use cel::common::ast::{Expr, LiteralValue, operators};
use cel::{Context, Env, ExecutionError, IdedExpr, Program, Value};

use super::survey::{Cost, survey};
use super::{Phase, Readiness};
use crate::manifest::Object;

/// The longest expression, in bytes.
const MAX_LENGTH: usize = 1_024;

/// The deepest nesting of brackets; more than anything readable has, and far from what the parser's stack holds.
const MAX_BRACKETS: usize = 24;

/// Steps that the loops of one evaluation may take at most; some hundredths of a second.
const MAX_STEPS: u64 = 2_000_000;

/// The reason of every answer that an expression gives.
const REASON: &str = "ReadyExpression";

/// The language's own parts; the same for all.
static LANGUAGE: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// Whether an expression can be used; else what is wrong with it.
pub(in crate::runs) fn check(text: &str) -> Result<(), String> {
    Expression::new(text).map(drop)
}

/// A compiled expression.
#[derive(Debug)]
pub(in crate::runs) struct Expression {
    program: Program,
    cost: Cost,
}

impl Expression {
    /// Compiles it; the error says what is wrong.
    pub(in crate::runs) fn new(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("the expression is empty".to_owned());
        }
        if text.len() > MAX_LENGTH {
            return Err(format!("the expression is longer than {MAX_LENGTH} bytes"));
        }
        if brackets(text) > MAX_BRACKETS {
            return Err(format!("brackets nest deeper than {MAX_BRACKETS}"));
        }
        // A fault of the parser must stay one of the text.
        let compiled = catch_unwind(|| LANGUAGE.compile(text));
        let program = match compiled {
            Ok(Ok(program)) => program,
            Ok(Err(errors)) => return Err(said(&errors)),
            Err(_) => return Err("the expression cannot be read".to_owned()),
        };
        let cost = survey(program.expression())?;
        truth(program.expression())?;
        Ok(Self { program, cost })
    }

    /// What it says of a live object. Whatever it cannot say of it yet, for instance because a field of the status
    /// is not there, means not ready yet.
    pub(in crate::runs) fn assess(&self, object: &Object) -> Readiness {
        let mut weight = 0;
        let value = value(&serde_json::Value::Object(object.as_map().clone()), &mut weight);
        if self.cost.steps(weight) > MAX_STEPS {
            return Readiness::progressing(REASON, "the object is too large for this expression");
        }
        let mut context = Context::with_env(Arc::clone(&LANGUAGE));
        context.add_variable_from_value("object", value);
        let answer = catch_unwind(AssertUnwindSafe(|| self.program.execute(&context)));
        let (phase, message) = match answer {
            Ok(Ok(Value::Bool(true))) => return Readiness::ready("as its expression asks"),
            Ok(Ok(Value::Bool(false))) => (Phase::Progressing, "its expression says no".to_owned()),
            Ok(Ok(_)) => (Phase::Failed, "its expression says neither true nor false".to_owned()),
            Ok(Err(ExecutionError::NoSuchKey(key))) => {
                (Phase::Progressing, format!("{key} is not there yet"))
            }
            Ok(Err(error)) => (Phase::Progressing, short(&error.to_string())),
            Err(_) => (Phase::Progressing, "its expression could not be evaluated".to_owned()),
        };
        Readiness::new(phase, REASON, message)
    }
}

/// Refuses what can be seen to answer something else than true or false.
fn truth(expression: &IdedExpr) -> Result<(), String> {
    const OTHERS: [&str; 9] = [
        operators::ADD,
        operators::SUBSTRACT,
        operators::MULTIPLY,
        operators::DIVIDE,
        operators::MODULO,
        operators::NEGATE,
        "size",
        "string",
        "int",
    ];
    let other = match &expression.expr {
        Expr::Literal(LiteralValue::Boolean(_)) | Expr::Select(_) | Expr::Unspecified => false,
        Expr::Literal(_) | Expr::List(_) | Expr::Map(_) | Expr::Struct(_) => true,
        Expr::Ident(name) => name == "object",
        Expr::Call(call) => OTHERS.contains(&call.func_name.as_str()),
        Expr::Comprehension(each) => matches!(each.accu_init.expr, Expr::List(_)),
    };
    if other { Err("the expression must say true or false".to_owned()) } else { Ok(()) }
}

/// JSON as the language has it; whole numbers are `int`. The weight grows with entries and with the length of texts.
fn value(json: &serde_json::Value, weight: &mut u64) -> Value {
    *weight += 1;
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(truth) => Value::Bool(*truth),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Float(number.as_f64().unwrap_or_default()),
        },
        serde_json::Value::String(text) => {
            *weight += text.len() as u64 / 64;
            Value::from(text.as_str())
        }
        serde_json::Value::Array(items) => {
            Value::List(Arc::new(items.iter().map(|item| value(item, weight)).collect()))
        }
        serde_json::Value::Object(members) => {
            let members: std::collections::HashMap<_, _> =
                members.iter().map(|(name, member)| (name.clone(), value(member, weight))).collect();
            Value::from(members)
        }
    }
}

/// The deepest nesting of brackets, those in texts included.
fn brackets(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for c in text.chars() {
        match c {
            '(' | '[' | '{' | '?' | '!' | '-' => depth += 1,
            ')' | ']' | '}' | ':' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// The first remark of the parser, in one line.
fn said(errors: &cel::ParseErrors) -> String {
    let first = errors.errors.first();
    first.map_or_else(
        || "the expression cannot be read".to_owned(),
        |error| format!("at character {}: {}", error.pos.1, short(&error.msg)),
    )
}

fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Expression, MAX_STEPS, Phase, check};
    use crate::manifest::Object;

    fn object(status: serde_json::Value) -> Object {
        Object::new(json!({
            "apiVersion": "acme.test/v1", "kind": "Thing", "metadata": {"name": "x"},
            "spec": {"replicas": 3}, "status": status,
        }))
        .unwrap()
    }

    #[test]
    fn a_live_object_decides() {
        let live = object(json!({
            "ready": 3, "share": 0.5, "state": "up", "parts": [{"name": "a", "ok": true}, {"name": "b", "ok": false}],
        }));
        for (text, phase) in [
            ("true", Phase::Ready),
            ("object.status.ready == object.spec.replicas", Phase::Ready),
            ("object.status.ready - 1 == 2 && object.status.share < 1.0", Phase::Ready),
            ("object.status.state in ['up', 'idle']", Phase::Ready),
            ("object.status.parts.exists(p, p.name == 'a' && p.ok)", Phase::Ready),
            ("object.status.parts.all(p, p.ok)", Phase::Progressing),
            ("size(object.status.parts.filter(p, p.ok)) == 1", Phase::Ready),
            ("has(object.status.gone)", Phase::Progressing),
            ("object.status.gone == 1", Phase::Progressing),
            ("object.status.state > 1", Phase::Progressing),
            ("object.status.state.startsWith('u')", Phase::Ready),
            ("object.status.ready", Phase::Failed),
        ] {
            let answer = Expression::new(text).unwrap().assess(&live);
            assert_eq!(answer.phase, phase, "{text}: {answer:?}");
        }
    }

    #[test]
    fn what_cannot_work_is_said_before_it_runs() {
        let nested = format!("{}true{}", "(".repeat(100), ")".repeat(100));
        let long = format!("object.a == '{}'", "x".repeat(2_000));
        for (text, part) in [
            ("", "empty"),
            ("object.status.", "at character"),
            ("object ==", "at character"),
            ("status.ready == 1", "status is not known"),
            ("object.a.exists(x, y == 1)", "y is not known"),
            ("oneOf(object.a)", "no function oneOf"),
            ("1 + 1", "true or false"),
            ("'yes'", "true or false"),
            ("object", "true or false"),
            ("object.a.map(x, x.b)", "true or false"),
            ("object.a.all(x, object.a.all(y, object.a.all(z, x == y && y == z)))", "too deep"),
            ("object.a.all(x, object.b.map(y, y.c).size() == 1)", "too deep"),
            (nested.as_str(), "deeper"),
            (long.as_str(), "longer"),
        ] {
            let said = check(text).expect_err(text);
            assert!(said.contains(part), "{text}: {said}");
        }
    }

    #[test]
    fn hostile_texts_end_in_an_answer() {
        for part in
            ["!", "-", "(", "[", "a?", "a?b:", "a.", "1+", "{", "\"", "'''", "\\", "&&", "x.map(y,", "\u{0}"]
        {
            // Whatever it answers, it answers.
            let _ = check(&part.repeat(1_024 / part.len()));
            let _ = check(&format!("{}object", part.repeat(1_000 / part.len())));
        }
    }

    #[test]
    fn a_large_object_is_refused_instead_of_looped_over() {
        let parts: Vec<_> = (0..30_000).map(|number| json!({"n": number})).collect();
        let large = object(json!({ "parts": parts }));
        let twice =
            Expression::new("object.status.parts.all(x, object.status.parts.all(y, x.n <= y.n || true))");
        let twice = twice.unwrap();
        assert!(twice.cost.steps(60_000) > MAX_STEPS);
        assert_eq!(twice.assess(&large).message, "the object is too large for this expression");
        let once = Expression::new("object.status.parts.all(x, x.n >= 0)").unwrap();
        assert_eq!(once.assess(&large).phase, Phase::Ready);
    }
}
