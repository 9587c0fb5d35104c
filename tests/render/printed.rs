//! Values as gdb and btfkit print them, as trees that can be compared.
//!
//! What is taken for the same:
//! * `{.a = 1}` and gdb's `{a = 1}`; `{}` and `{<No data fields>}`.
//! * A character `'a'` and gdb's `97 'a'`; the number of a `signed char` or `unsigned char` and gdb's `97 'a'`.
//! * An array of those, `{1, 2, 0, 0}`, and the text that gdb prints of it, `"\001\002"`, which ends before the first 0.
//! * A pointer and gdb's pointer with a type in front, or with the text or function that it points to behind it.
//! * Floating-point numbers of one value: gdb prints 9 or 17 digits, btfkit the fewest. Of a `long double`, the nearest
//!   `double` is compared.
//! * `(A | 0x8)` and gdb's `(A | unknown: 0x8)`; a number and gdb's `(unknown: 0x8)`.

/// A value.
#[derive(Clone, PartialEq, Debug)]
pub enum Tree {
    /// Members with their names, or elements without.
    Braces(Vec<(Option<String>, Tree)>),
    Text(Vec<u8>),
    /// Anything else, as it is written.
    Word(String),
}

/// Reads a value.
pub fn tree(text: &str) -> Tree {
    let mut rest = text;
    let tree = value(&mut rest);
    assert_eq!(rest, "", "behind the value in {text}");
    tree
}

fn value(rest: &mut &str) -> Tree {
    if let Some(inside) = rest.strip_prefix('{') {
        *rest = inside;
        let mut members = Vec::new();
        loop {
            *rest = rest.trim_start_matches([',', ' ']);
            if let Some(behind) = rest.strip_prefix('}') {
                *rest = behind;
                return Tree::Braces(members);
            }
            if let Some(behind) = rest.strip_prefix("<No data fields>") {
                *rest = behind;
                continue;
            }
            let name = name(rest);
            members.push((name, value(rest)));
        }
    }
    if let Some(inside) = rest.strip_prefix('"') {
        *rest = inside;
        return Tree::Text(literal(rest, '"'));
    }
    // Up to the end of the member, quotes and parentheses aside.
    let (mut depth, mut end, mut quote) = (0, rest.len(), None);
    let mut characters = rest.char_indices();
    while let Some((at, c)) = characters.next() {
        match (c, quote) {
            ('\\', Some(_)) => {
                characters.next();
            }
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            ('\'' | '"', None) => quote = Some(c),
            ('(', None) => depth += 1,
            (')', None) => depth -= 1,
            (',' | '}', None) if depth == 0 => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    let (word, behind) = rest.split_at(end);
    *rest = behind;
    Tree::Word(word.trim().to_owned())
}

/// Reads `name = ` or `.name = `.
fn name(rest: &mut &str) -> Option<String> {
    let bare = rest.trim_start_matches('.');
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let end = bare.find(|c| !is_word(c))?;
    let behind = bare[end..].strip_prefix(" = ")?;
    *rest = behind;
    Some(bare[..end].to_owned())
}

/// Reads the inside of a literal and the quote behind it.
fn literal(rest: &mut &str, quote: char) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let mut characters = rest.chars();
        let c = characters.next().expect("a quote at the end");
        *rest = characters.as_str();
        if c == quote {
            return bytes;
        }
        if c != '\\' {
            bytes.extend(c.to_string().into_bytes());
            continue;
        }
        let c = characters.next().unwrap();
        if c.is_digit(8) {
            let digits: String = rest.chars().take(3).take_while(|c| c.is_digit(8)).collect();
            bytes.push(u8::from_str_radix(&digits, 8).unwrap());
            *rest = &rest[digits.len()..];
            continue;
        }
        *rest = characters.as_str();
        bytes.push(match c {
            'n' => b'\n',
            't' => b'\t',
            'r' => b'\r',
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'v' => 11,
            other => u8::try_from(other).unwrap(),
        });
    }
}

/// Compares our value with gdb's; returns what differs.
pub fn differs(ours: &Tree, gdb: &Tree) -> Option<String> {
    match (ours, gdb) {
        (Tree::Braces(ours), Tree::Braces(gdb)) => {
            if ours.len() != gdb.len() {
                return Some(format!("{} and {} members", ours.len(), gdb.len()));
            }
            ours.iter()
                .zip(gdb)
                .find_map(|((name, ours), (other, gdb))| {
                    if name != other {
                        return Some(format!("{name:?} and {other:?}"));
                    }
                    let what = name.as_deref().unwrap_or_default();
                    differs(ours, gdb).map(|wrong| format!("{what}: {wrong}"))
                })
        }
        (Tree::Text(ours), Tree::Text(gdb)) if ours == gdb => None,
        (Tree::Braces(numbers), Tree::Text(gdb)) => {
            let bytes = numbers.iter().map(|(_, number)| match number {
                Tree::Word(number) => number.parse::<i16>().ok()?.to_le_bytes().first().copied(),
                _ => None,
            });
            let bytes: Option<Vec<u8>> = bytes.collect();
            let text = bytes.map(|bytes| bytes.split(|byte| *byte == 0).next().unwrap().to_vec());
            (text.as_ref() != Some(gdb)).then(|| format!("{numbers:?} and {gdb:?}"))
        }
        (Tree::Word(ours), Tree::Word(gdb)) if is_same_word(ours, gdb) => None,
        (ours, gdb) => Some(format!("{ours:?} and {gdb:?}")),
    }
}

fn is_same_word(ours: &str, gdb: &str) -> bool {
    let gdb = gdb.replace("unknown: ", "");
    if ours == gdb {
        return true;
    }
    // `(unknown: 0x8)` has no name in it.
    if let Some(hex) = gdb.strip_prefix("(0x") {
        let number = u64::from_str_radix(hex.trim_end_matches(')'), 16);
        return number.map(|number| number.to_string()).as_deref() == Ok(ours);
    }
    // `(struct pointers *) 0x24c0`, `0x7a0 "text"`, `0x729 <function>`.
    if let Some(at) = gdb.find("0x")
        && ours.starts_with("0x")
    {
        let end = gdb[at..].find(' ').map_or(gdb.len(), |end| at + end);
        return gdb[at..end] == *ours;
    }
    if let Some(mut inside) = ours.strip_prefix('\'') {
        let [byte] = literal(&mut inside, '\'')[..] else {
            return false;
        };
        let number = gdb.split(' ').next().unwrap();
        return number == byte.to_string() || number == byte.cast_signed().to_string();
    }
    if gdb.ends_with('\'') {
        return gdb.split(' ').next() == Some(ours);
    }
    is_same_float(ours, &gdb)
}

fn is_same_float(ours: &str, gdb: &str) -> bool {
    let Ok(theirs) = gdb.parse::<f64>() else {
        return false;
    };
    // A long double that is no double: the nearest is in the comment. Without one, there is none.
    if ours.ends_with('L') {
        return theirs.is_infinite() || theirs == 0.0;
    }
    let number = match ours.split_once("L /* ") {
        Some((_, nearest)) => nearest.trim_end_matches(" */"),
        None => ours,
    };
    let Ok(number_of_ours) = number.parse::<f64>() else {
        return false;
    };
    let digits: String = gdb.split('e').next().unwrap().replace(['.', '-'], "");
    let digits = digits.trim_start_matches('0').len();
    let is_single = digits <= 9 && number.parse::<f32>() == gdb.parse::<f32>();
    number_of_ours.to_bits() == theirs.to_bits() || is_single
}

#[test]
fn what_differs_is_seen() {
    let pairs = [
        ("{.a = 1}", "{a = 2}"),
        ("{.a = 1}", "{b = 1}"),
        ("{1, 2}", "{1, 2, 3}"),
        ("\"ab\"", "\"ac\""),
        ("{1, 2}", "\"\\001\\003\""),
        ("'a'", "98 'b'"),
        ("3.14", "3.1500000000000001"),
        ("3.1400001", "3.1400000000000001"),
        ("(A | 0x8)", "(A | unknown: 0x9)"),
        ("8", "(unknown: 0x9)"),
        ("0x10", "0x11 <f>"),
        ("-1", "255 '\\377'"),
    ];
    for (ours, gdb) in pairs {
        assert!(differs(&tree(ours), &tree(gdb)).is_some(), "{ours} {gdb}");
    }
    let pairs = [
        (
            "{.a = {}, {.b = 'x'}}",
            "{a = {<No data fields>}, {b = 120 'x'}}",
        ),
        ("(A | 0x8)", "(A | unknown: 0x8)"),
        ("0x10", "0x10 \"a, b}\""),
        ("3.14", "3.1400000000000001"),
        ("3.14", "3.1400001"),
        ("0x1.9p+1L /* 3.14 */", "3.1400000000000000001"),
        ("{222, -83, 0, 1}", "\"\\336\\255\""),
    ];
    for (ours, gdb) in pairs {
        assert_eq!(differs(&tree(ours), &tree(gdb)), None, "{ours} {gdb}");
    }
}
