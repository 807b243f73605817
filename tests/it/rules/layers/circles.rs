//! No two files of a crate use each other, not even through other files.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::TOWERS;
use super::graph::{Graph, ModulePath};
use super::source::root;

type Uses<'a> = BTreeMap<&'a ModulePath, BTreeSet<&'a ModulePath>>;

/// The shortest way from a module back to itself.
fn circle_through<'a>(uses: &Uses<'a>, module: &'a ModulePath) -> Option<Vec<&'a ModulePath>> {
    let mut found_from: BTreeMap<&ModulePath, &ModulePath> = BTreeMap::new();
    let mut to_visit = VecDeque::from([module]);
    while let Some(at) = to_visit.pop_front() {
        for used in uses.get(at).into_iter().flatten() {
            if *used == module {
                let back = std::iter::successors(Some(at), |step| found_from.get(step).copied());
                let mut circle: Vec<&ModulePath> = back.collect();
                circle.reverse();
                return Some(circle);
            }
            if !found_from.contains_key(used) {
                found_from.insert(used, at);
                to_visit.push_back(used);
            }
        }
    }
    None
}

/// The circles of a graph, each once, as the list of its files.
fn circles(graph: &Graph) -> BTreeSet<Vec<String>> {
    let uses = graph.uses();
    let in_order = |circle: Vec<&ModulePath>| {
        let first = (0..circle.len()).min_by_key(|at| circle[*at]).unwrap_or(0);
        let turned = circle[first..].iter().chain(&circle[..first]);
        turned.map(|module| graph.file(module).to_owned()).collect()
    };
    uses.keys().filter_map(|module| circle_through(&uses, module)).map(in_order).collect()
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let roots = TOWERS.iter().map(|tower| root().join(tower.sources)).filter(|sources| sources.join("lib.rs").exists());
    let found: BTreeSet<Vec<String>> = roots.flat_map(|sources| circles(&Graph::of_directory(&sources))).collect();
    let shown: Vec<String> = found.iter().map(|circle| circle.join(" → ")).collect();
    assert!(shown.is_empty(), "each of these files uses the next, and the last the first:\n{}", shown.join("\n"));
}

#[test]
fn circles_of_two_and_of_three_files_are_seen() {
    let graph = super::graph::graph_of(&[
        ("lib.rs", "mod a; mod b; mod c; mod d; mod e; mod f;"),
        ("a.rs", "use crate::b::B;"),
        ("b.rs", "use crate::a; use crate::c::C;"),
        ("c.rs", "use crate::d::D;"),
        ("d.rs", "use crate::e::E;"),
        ("e.rs", "fn x() { crate::c::x() }"),
        ("f.rs", "mod part; use part::Part; use crate::a;"),
        ("f/part.rs", "use super::Whole;"),
    ]);
    let found: Vec<Vec<String>> = circles(&graph).into_iter().collect();
    assert_eq!(found, [vec!["a.rs", "b.rs"], vec!["c.rs", "d.rs", "e.rs"]]);
}
