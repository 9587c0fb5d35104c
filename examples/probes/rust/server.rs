// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Handles one peer after a line on standard input, then prints what a probe of `handle` sees.
use std::hint::black_box;

pub struct Peer {
    pub name: String,
    pub tags: Vec<u32>,
    pub parts: Vec<String>,
    pub alias: &'static str,
    pub ports: &'static [u16],
    pub note: Option<Box<u64>>,
    pub state: State,
    pub level: Level,
}

pub enum State {
    Idle,
    Busy { job: u64, who: String },
    Done(i32),
}

#[derive(Clone, Copy)]
pub enum Level {
    Low = -3,
    High = 9,
}

#[inline(never)]
#[unsafe(no_mangle)]
pub fn handle(peer: &Peer, greeting: &str) -> usize {
    // A caller doesn't pass what the function doesn't use.
    let (peer, greeting) = black_box((peer, greeting));
    peer.name.len() + greeting.len()
}

fn first(bytes: &[u8]) -> i64 {
    let mut value = [0; 8];
    let len = bytes.len().min(8);
    value[..len].copy_from_slice(&bytes[..len]);
    i64::from_le_bytes(value)
}

fn main() {
    let peer = Peer {
        name: "alice of the long name".into(),
        tags: vec![1, 2, 30],
        parts: vec!["x".into(), "yz".into()],
        alias: "al",
        ports: &[80, 443],
        note: Some(Box::new(9)),
        state: State::Busy {
            job: 42,
            who: "bob".into(),
        },
        level: Level::Low,
    };
    let idle = [State::Idle, State::Done(-3)];
    black_box((&idle, Level::High));
    let greeting = "hello world";
    println!("start=1");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    handle(&peer, greeting);
    let State::Busy { job, who } = &peer.state else {
        return;
    };
    println!(
        "name.len={} name={}",
        peer.name.len(),
        first(peer.name.as_bytes())
    );
    println!(
        "greeting.len={} greeting={}",
        greeting.len(),
        first(greeting.as_bytes())
    );
    println!("tags.len={} tags.2={}", peer.tags.len(), peer.tags[2]);
    println!(
        "parts.len={} parts.1.len=2 parts.1={}",
        peer.parts.len(),
        first(b"yz")
    );
    println!(
        "alias.len=2 alias={} ports.len={} ports.1=443",
        first(b"al"),
        peer.ports.len()
    );
    println!(
        "note={} busy=1 job={job} who.len={} who={}",
        peer.note.as_ref().map_or(0, |n| **n),
        who.len(),
        first(who.as_bytes())
    );
    println!("low=1 level={}", peer.level as i32);
}
