//! Text from the chain, made fit for logs, alerts and chat.

/// Longest text shown.
const MOST: usize = 64;

/// At most 64 characters of `text` in which nothing can act: letters, digits, blanks and a few marks stay, every other
/// character (control characters, escapes, direction overrides, markup, mentions, links) becomes `�`.
///
/// A full stop between two characters becomes `·`, so that no chat takes a name for a link.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut shown = String::new();
    let mut characters = text.chars().peekable();
    let mut count = 0;
    while let Some(character) = characters.next() {
        if count == MOST {
            shown.push('…');
            break;
        }
        count += 1;
        shown.push(match character {
            '.' if characters.peek().is_some_and(|next| next.is_alphanumeric()) => '·',
            // Unicode calls some invisible fillers letters.
            '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' => '\u{fffd}',
            c if c.is_alphanumeric() => c,
            ' ' | '.' | ',' | '-' | '_' | '\'' | '(' | ')' | '+' | '%' | '=' => character,
            _ => '\u{fffd}',
        });
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn o16_hostile_text_cannot_act() {
        for (hostile, shown) in [
            ("Plain Validator-1 (EU)", "Plain Validator-1 (EU)"),
            (
                "a\nCRITICAL fake line\r\u{1b}[31mred",
                "a�CRITICAL fake line���31mred",
            ),
            ("\u{202e}gpj.exe\u{2066}", "�gpj·exe�"),
            ("<script>alert(1)</script>", "�script�alert(1)��script�"),
            ("@everyone <!channel> `rm`", "�everyone ��channel� �rm�"),
            ("[pay](https://evil.example)", "�pay�(https���evil·example)"),
            ("zero\u{200b}width\u{feff}\u{0}", "zero�width��"),
            ("\u{3164}", "�"),
            ("{{constructor}} ${x} \"q\"", "��constructor�� ��x� �q�"),
        ] {
            assert_eq!(printable(hostile), shown);
        }
        let long = printable(&"x".repeat(1_000_000));
        assert_eq!(long.chars().count(), 65);
    }
}
