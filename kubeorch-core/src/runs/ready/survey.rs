//! What can be known of an expression before it runs: its names, and what it may cost.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr};

/// Functions of the language that an expression may call, besides operators and macros.
const FUNCTIONS: [&str; 9] =
    ["bool", "contains", "double", "endsWith", "int", "size", "startsWith", "string", "type"];

/// How deep loops may nest. One that makes a list counts twice: the list is copied with every step.
const MAX_DEPTH: u32 = 2;

/// What an evaluation may take: `nodes` × weight of the object ^ `depth`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cost {
    nodes: u64,
    depth: u32,
}

impl Cost {
    pub(super) fn steps(self, weight: u64) -> u64 {
        // What the text itself holds can be looped over as well.
        let weight = weight.saturating_add(self.nodes);
        self.nodes.saturating_mul(weight.saturating_pow(self.depth))
    }
}

/// Walks an expression; the error says which name is unknown, or that loops nest too deep.
pub(super) fn survey(expression: &IdedExpr) -> Result<Cost, String> {
    let mut survey = Survey::default();
    survey.walk(expression, 0)?;
    if survey.cost.depth > MAX_DEPTH {
        return Err("loops nest too deep; `map` and `filter` count twice".to_owned());
    }
    Ok(survey.cost)
}

#[derive(Default)]
struct Survey<'a> {
    cost: Cost,
    /// Names that the loops around bring.
    scope: Vec<&'a str>,
}

impl<'a> Survey<'a> {
    fn walk(&mut self, expression: &'a IdedExpr, depth: u32) -> Result<(), String> {
        self.cost.nodes += 1;
        self.cost.depth = self.cost.depth.max(depth);
        match &expression.expr {
            Expr::Call(call) => self.call(call, depth),
            Expr::Comprehension(each) => self.each(each, depth),
            Expr::List(list) => list.elements.iter().try_for_each(|element| self.walk(element, depth)),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| self.entry(&entry.expr, depth)),
            Expr::Select(select) => self.walk(&select.operand, depth),
            Expr::Struct(of) => Err(format!("there is no type {}", of.type_name)),
            Expr::Ident(name) if name == "object" || self.scope.contains(&name.as_str()) => Ok(()),
            Expr::Ident(name) => Err(format!("{name} is not known; the object is `object`")),
            Expr::Literal(_) | Expr::Unspecified => Ok(()),
        }
    }

    fn call(&mut self, call: &'a CallExpr, depth: u32) -> Result<(), String> {
        let name = call.func_name.as_str();
        let operator = !name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !operator && !FUNCTIONS.contains(&name) {
            return Err(format!("there is no function {name}"));
        }
        let target = call.target.as_deref();
        target.into_iter().chain(&call.args).try_for_each(|part| self.walk(part, depth))
    }

    fn each(&mut self, each: &'a ComprehensionExpr, depth: u32) -> Result<(), String> {
        let inner = depth + if matches!(each.accu_init.expr, Expr::List(_)) { 2 } else { 1 };
        self.walk(&each.iter_range, depth)?;
        self.walk(&each.accu_init, depth)?;
        let around = self.scope.len();
        self.scope.push(&each.accu_var);
        self.scope.push(&each.iter_var);
        self.scope.extend(each.iter_var2.as_deref());
        self.walk(&each.loop_cond, inner)?;
        self.walk(&each.loop_step, inner)?;
        self.walk(&each.result, depth)?;
        self.scope.truncate(around);
        Ok(())
    }

    fn entry(&mut self, entry: &'a EntryExpr, depth: u32) -> Result<(), String> {
        match entry {
            EntryExpr::StructField(field) => self.walk(&field.value, depth),
            EntryExpr::MapEntry(entry) => {
                self.walk(&entry.key, depth)?;
                self.walk(&entry.value, depth)
            }
        }
    }
}
