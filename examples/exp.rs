use btfkit::merge::*;
fn main() {
    let v: Vec<String> = std::env::args().skip(1).collect();
    let compact = v[0] == "-c";
    let files = &v[if compact { 1 } else { 0 }..];
    let t = std::time::Instant::now();
    let inputs = files.iter().map(|f| {
        Input::new(
            f.clone(),
            btfkit::parse::parse(std::fs::read(f).unwrap()).unwrap(),
        )
    });
    let mut o = Options::default();
    o.keep_first = !compact;
    let m = merge(inputs, &o).unwrap();
    eprintln!(
        "merged {:?} -> {} types (with void {})",
        t.elapsed(),
        m.graph.len(),
        m.graph.len() + 1
    );
    if let Ok(out) = std::env::var("OUT") {
        std::fs::write(out, btfkit::encode::encode(&m.graph).unwrap()).unwrap();
    }
}
