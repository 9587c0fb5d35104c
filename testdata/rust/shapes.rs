// SPDX-License-Identifier: Apache-2.0 OR MIT
//! What types of Rust can be made of. Every type has a static, so that the compiler describes it.
#![no_std]
#![crate_type = "lib"]
#![allow(dead_code)]

use core::cell::Cell;
use core::num::NonZeroU32;

pub struct Plain {
    small: u8,
    wide: u64,
    middle: u16,
}

pub struct Tuple(u8, u32, &'static str);
pub struct Unit;
pub struct Generic<T, const N: usize> {
    items: [T; N],
    marker: core::marker::PhantomData<T>,
}

#[repr(C)]
pub struct Ordered {
    a: u8,
    b: u32,
    grid: [[u16; 3]; 2],
}

#[repr(C, packed)]
pub struct Packed {
    a: u8,
    b: u64,
}

/// An enumeration of C's sort.
#[repr(i16)]
pub enum Level {
    Low = -5,
    High = 300,
}

/// One with a tag of its own.
pub enum Message {
    Quit,
    Move { x: i32, y: i64 },
    Write(&'static str),
    Color(u8, u8, u8),
}

/// The tag is in values that a field never has.
pub enum Niche {
    Some(&'static Plain),
    None,
}

pub enum Nested {
    Inner(Option<Message>),
    Flag(bool),
}

/// One variant only: there is no tag.
pub enum Single {
    Only(u32),
}

pub union Either {
    number: u64,
    bytes: [u8; 3],
}

pub trait Speak {
    fn speak(&self) -> u32;
}

impl Speak for Plain {
    fn speak(&self) -> u32 {
        self.wide as u32
    }
}

pub struct Everything {
    text: &'static str,
    slice: &'static [Tuple],
    object: &'static (dyn Speak + Sync),
    raw: *const Plain,
    function: fn(u32, &Plain) -> bool,
    letter: char,
    yes: bool,
    huge: u128,
    signed_huge: i128,
    float: f32,
    unit: (),
    pair: (u8, u32),
    option: Option<u32>,
    reference: Option<&'static Plain>,
    nonzero: Option<NonZeroU32>,
    ordering: core::cmp::Ordering,
    result: Result<u8, Level>,
    generic: Generic<u16, 3>,
    size: usize,
}

unsafe impl Sync for Everything {}

static PLAIN: Plain = Plain { small: 1, wide: 2, middle: 3 };

fn function(n: u32, plain: &Plain) -> bool {
    n as u64 == plain.wide
}

#[unsafe(no_mangle)]
pub static EVERYTHING: Everything = Everything {
    text: "text",
    slice: &[Tuple(1, 2, "three")],
    object: &PLAIN,
    raw: &PLAIN,
    function,
    letter: 'x',
    yes: true,
    huge: 1,
    signed_huge: -1,
    float: 1.5,
    unit: (),
    pair: (1, 2),
    option: Some(3),
    reference: Some(&PLAIN),
    nonzero: NonZeroU32::new(5),
    ordering: core::cmp::Ordering::Less,
    result: Ok(1),
    generic: Generic { items: [1, 2, 3], marker: core::marker::PhantomData },
    size: 8,
};

#[unsafe(no_mangle)]
pub static MESSAGES: [Message; 4] =
    [Message::Quit, Message::Move { x: 1, y: 2 }, Message::Write("three"), Message::Color(4, 5, 6)];
#[unsafe(no_mangle)]
pub static NICHES: [Niche; 2] = [Niche::Some(&PLAIN), Niche::None];
#[unsafe(no_mangle)]
pub static NESTED: [Nested; 3] = [Nested::Inner(None), Nested::Inner(Some(Message::Quit)), Nested::Flag(true)];
#[unsafe(no_mangle)]
pub static SINGLE: Single = Single::Only(1);
#[unsafe(no_mangle)]
pub static EITHER: Either = Either { number: 7 };
#[unsafe(no_mangle)]
pub static ORDERED: Ordered = Ordered { a: 1, b: 2, grid: [[3; 3]; 2] };
#[unsafe(no_mangle)]
pub static PACKED: Packed = Packed { a: 1, b: 2 };
#[unsafe(no_mangle)]
pub static UNIT: Unit = Unit;
#[unsafe(no_mangle)]
pub static LEVELS: [Level; 2] = [Level::Low, Level::High];

#[unsafe(no_mangle)]
pub fn look(plain: &Plain, message: &Message, cell: &Cell<u8>) -> bool {
    let closure = |n: u32| function(n, plain) && cell.get() == 1;
    match message {
        Message::Move { x, .. } => closure(*x as u32),
        _ => false,
    }
}
