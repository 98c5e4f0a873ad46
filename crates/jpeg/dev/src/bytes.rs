//! Builds JPEG bytes, valid and not, piece by piece.

/// A marker segment: marker, length, body.
pub fn segment(code: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2).expect("a body that fits a segment");
    [&[0xFF, code][..], &length.to_be_bytes(), body].concat()
}

/// DQT with one table of ones.
pub fn quantization(destination: u8) -> Vec<u8> {
    segment(0xDB, &[&[destination][..], &[1; 64]].concat())
}

/// DHT with one table: a code of one bit for `first`, one of two bits for `second`.
pub fn huffman(class: u8, destination: u8, first: u8, second: u8) -> Vec<u8> {
    let mut body = vec![class << 4 | destination, 1, 1];
    body.extend([0; 14]);
    body.extend([first, second]);
    segment(0xC4, &body)
}

/// SOFn with components of one block each: identifier, sampling factors, quantisation table.
pub fn frame(code: u8, height: u16, width: u16, components: &[[u8; 3]]) -> Vec<u8> {
    let mut body = vec![8];
    body.extend(height.to_be_bytes());
    body.extend(width.to_be_bytes());
    body.push(components.len() as u8);
    body.extend(components.iter().flatten());
    segment(code, &body)
}

/// SOS: identifier and tables of each component, then Ss, Se, Ah and Al.
pub fn scan(components: &[[u8; 2]], parameters: [u8; 3]) -> Vec<u8> {
    let mut body = vec![components.len() as u8];
    body.extend(components.iter().flatten());
    body.extend(parameters);
    segment(0xDA, &body)
}

/// SOI.
pub const SOI: &[u8] = &[0xFF, 0xD8];
/// EOI.
pub const EOI: &[u8] = &[0xFF, 0xD9];
/// One grey block with these tables: DC 0 (code 0), end of block (code 0), six bits of padding.
pub const BLOCK: &[u8] = &[0x3F];

/// The pieces of a grey baseline picture of 8 x 8 samples, from SOI to EOI.
pub fn grey() -> Vec<Vec<u8>> {
    vec![
        SOI.to_vec(),
        quantization(0),
        frame(0xC0, 8, 8, &[[1, 0x11, 0]]),
        huffman(0, 0, 0, 1),
        huffman(1, 0, 0, 1),
        scan(&[[1, 0]], [0, 63, 0]),
        BLOCK.to_vec(),
        EOI.to_vec(),
    ]
}

/// [`grey`] with `piece` before the piece at `index`.
pub fn grey_with(index: usize, piece: &[u8]) -> Vec<u8> {
    let mut pieces = grey();
    pieces.insert(index, piece.to_vec());
    pieces.concat()
}

/// [`grey`] with `piece` instead of the piece at `index`.
pub fn grey_but(index: usize, piece: &[u8]) -> Vec<u8> {
    let mut pieces = grey();
    pieces[index] = piece.to_vec();
    pieces.concat()
}

/// Bytes of hexadecimal digits, as `dev/browsers.py` writes them; `(n)` stands for n zero bytes.
///
/// # Panics
///
/// On anything else.
pub fn from_digits(digits: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = digits;
    while !rest.is_empty() {
        if let Some(run) = rest.strip_prefix('(') {
            let (count, behind) = run.split_once(')').expect("a run that ends");
            out.resize(out.len() + count.parse::<usize>().expect("a count"), 0);
            rest = behind;
        } else {
            out.push(u8::from_str_radix(&rest[..2], 16).expect("hexadecimal digits"));
            rest = &rest[2..];
        }
    }
    out
}
