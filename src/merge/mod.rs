//! Merging graphs.
mod classes;
mod forwards;
mod hash;
mod nodes;
mod partition;
mod refine;
#[doc(hidden)]
pub fn experiment(a: &crate::graph::TypeGraph, b: &crate::graph::TypeGraph) {
    let t = std::time::Instant::now();
    let mut builder = crate::graph::GraphBuilder::resume(a);
    eprintln!("resume {:?}", t.elapsed());
    builder.append(b).unwrap();
    eprintln!("append {:?}", t.elapsed());
    let g = builder.freeze().unwrap();
    eprintln!("freeze {:?}", t.elapsed());
    let c = classes::canonical(&g, classes::Rules{sections:false,forwards:true}).unwrap();
    eprintln!("classes {:?}", t.elapsed());
    let n = c.iter().enumerate().filter(|(i,c)| *i == **c as usize).count();
    eprintln!("{n} of {}", c.len());
}
