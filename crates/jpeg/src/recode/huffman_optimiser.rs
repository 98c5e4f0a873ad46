//! Optimal Huffman codes: T.81 annex K.2.

/// A code by symbol, and the table that DHT states.
pub(super) struct HuffmanCode {
    /// Number of codes of length 1 to 16.
    pub(super) lengths: [u8; 16],
    pub(super) symbols: Vec<u8>,
    /// Code word << 8 | length in bits; 0 for symbols that do not occur.
    words: [u32; 256],
}

impl HuffmanCode {
    /// The best code of at most 16 bits for symbols that occur `counts` times.
    pub(super) fn optimal(counts: &[u32; 256]) -> Self {
        let lengths = limit(code_sizes(counts));
        // K.2, figure K.4: by length, then by symbol. Among those of equal length the frequent ones go first.
        let mut symbols: Vec<u8> = (0..=255)
            .filter(|&symbol| counts[usize::from(symbol)] > 0)
            .collect();
        symbols.sort_by_key(|&symbol| std::cmp::Reverse(counts[usize::from(symbol)]));
        let mut words = [0; 256];
        let (mut word, mut next) = (0u32, symbols.iter());
        for (length, &count) in (1u32..).zip(&lengths) {
            for &symbol in next.by_ref().take(usize::from(count)) {
                words[usize::from(symbol)] = word << 8 | length;
                word += 1;
            }
            word <<= 1;
        }
        Self {
            lengths,
            symbols,
            words,
        }
    }

    /// Code word and its length in bits.
    #[inline]
    pub(super) fn word(&self, symbol: u8) -> (u32, u32) {
        let word = self.words[usize::from(symbol)];
        (word >> 8, word & 0xFF)
    }
}

/// Number of symbols by code length, up to 256: Huffman's algorithm (figure K.1). One more symbol of least weight
/// reserves the code of ones only. It has one of the longest codes and is included in the result.
fn code_sizes(counts: &[u32; 256]) -> Vec<u32> {
    struct Node {
        weight: u64,
        depths: Vec<u32>,
    }
    let leaf = |weight| Node {
        weight,
        depths: vec![1],
    };
    let mut nodes: Vec<Node> = counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| leaf(u64::from(count)))
        .collect();
    nodes.push(leaf(0));
    // Heaviest first; the two lightest are at the end.
    nodes.sort_by_key(|node| std::cmp::Reverse(node.weight));
    while nodes.len() > 1 {
        let (Some(one), Some(mut two)) = (nodes.pop(), nodes.pop()) else {
            break;
        };
        two.weight += one.weight;
        if two.depths.len() < one.depths.len() {
            two.depths.resize(one.depths.len(), 0);
        }
        for (sum, depth) in two.depths.iter_mut().zip(&one.depths) {
            *sum += depth;
        }
        two.depths.insert(0, 0);
        let at = nodes.partition_point(|node| node.weight > two.weight);
        nodes.insert(at, two);
    }
    nodes.pop().map(|root| root.depths).unwrap_or_default()
}

/// Shortens codes to 16 bits (figure K.3), and removes the additional symbol: one with the longest code.
fn limit(depths: Vec<u32>) -> [u8; 16] {
    let mut bits = depths;
    // Index 0 is the root.
    bits.resize(bits.len().max(17), 0);
    for length in (17..bits.len()).rev() {
        while bits[length] > 0 {
            let Some(shorter) = (1..length - 1).rev().find(|&j| bits[j] > 0) else {
                break;
            };
            bits[length] -= 2;
            bits[length - 1] += 1;
            bits[shorter + 1] += 2;
            bits[shorter] -= 1;
        }
    }
    if let Some(longest) = (1..=16).rev().find(|&length| bits[length] > 0) {
        bits[longest] -= 1;
    }
    let mut lengths = [0; 16];
    for (length, &count) in lengths.iter_mut().zip(&bits[1..17]) {
        *length = count as u8;
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(counts: &[u32; 256]) -> HuffmanCode {
        let code = HuffmanCode::optimal(counts);
        let total: usize = code.lengths.iter().map(|&n| usize::from(n)).sum();
        assert_eq!(total, code.symbols.len());
        // Kraft, with room for the word of ones.
        let used: u32 = (1u32..)
            .zip(&code.lengths)
            .map(|(length, &n)| u32::from(n) << (16 - length))
            .sum();
        assert!(used < 1 << 16);
        for (symbol, &count) in counts.iter().enumerate() {
            let (word, length) = code.word(symbol as u8);
            assert_eq!(length > 0, count > 0);
            assert!(count == 0 || word < (1 << length) - 1);
        }
        code
    }

    #[test]
    fn codes_are_prefix_codes_of_at_most_sixteen_bits() {
        check(&[0; 256]);
        let mut one = [0; 256];
        one[7] = 5;
        assert_eq!(check(&one).lengths[0], 1);
        check(&[1; 256]);
        // Fibonacci numbers make the deepest trees.
        let mut deep = [0; 256];
        let (mut a, mut b) = (1u32, 1u32);
        for count in deep.iter_mut().take(40) {
            *count = a;
            (a, b) = (b, a + b);
        }
        check(&deep);
    }

    #[test]
    fn frequent_symbols_get_short_codes() {
        let mut counts = [0; 256];
        (counts[1], counts[2], counts[3], counts[4]) = (100, 50, 10, 10);
        let code = check(&counts);
        let lengths: Vec<_> = (1..=4).map(|symbol| code.word(symbol).1).collect();
        // The word of ones that is left out is the fourth's twin.
        assert_eq!(lengths, [1, 2, 3, 4]);
    }
}
