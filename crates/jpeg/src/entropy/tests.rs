use crate::analysis::{Analysis, Item, Purpose, analyse};
use crate::parts::PartList;
use crate::{Corruption, Error, Excess, Options, OrientationPolicy, Unsupported};

/// What the default check finds.
fn walk(data: &[u8]) -> Result<Analysis, Error> {
    let options = Options {
        orientation: OrientationPolicy::Drop,
        ..Options::default()
    };
    analyse(data, &options, Purpose::Inspect)
}

/// What is kept of each scan.
fn scans(analysis: &Analysis) -> Vec<&PartList> {
    let items = analysis.items.iter();
    items
        .filter_map(|item| match item {
            Item::Data(list) => Some(list),
            _ => None,
        })
        .collect()
}

/// Whether every coefficient has been coded to its last bit.
fn complete(analysis: &Analysis) -> bool {
    analysis.progression.is_whole(&analysis.frame)
}

/// A marker segment with its length.
fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u16 + 2).to_be_bytes();
    [&[0xFF, marker], &length[..], body].concat()
}

/// DC codes: 0 for size 0, 10 for size 2. AC codes: 0 for the end of the block, 10 for a run of 0 and size 1, 110 for
/// 16 zeros, 1110 for a run of 15 and size 1, 11110 for 0x10, which means nothing, 111110 for an end-of-band run of
/// 2 or 3 in progressive scans, that is 0x10 as well.
fn tables() -> Vec<u8> {
    let mut dht = vec![0x00, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
    dht.extend([0x10, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    dht.extend([0x00, 0x01, 0xF0, 0xF1, 0x10]);
    [
        segment(0xDB, &[&[0][..], &[1; 64]].concat()),
        segment(0xC4, &dht),
    ]
    .concat()
}

/// Bytes of a string of 0 and 1, blanks ignored, filled up with ones and stuffed.
fn code(bits: &str) -> Vec<u8> {
    let mut digits: Vec<u8> = bits
        .bytes()
        .filter(|b| !b.is_ascii_whitespace())
        .map(|b| b - b'0')
        .collect();
    digits.resize(digits.len().next_multiple_of(8), 1);
    let mut bytes = Vec::new();
    for byte in digits
        .chunks(8)
        .map(|eight| eight.iter().fold(0, |byte, bit| byte << 1 | bit))
    {
        bytes.push(byte);
        if byte == 0xFF {
            bytes.push(0);
        }
    }
    bytes
}

/// A grey frame of `width` x 8, so that every 8 columns are a block and an MCU.
fn frame(marker: u8, width: u8) -> Vec<u8> {
    segment(marker, &[8, 0, 8, 0, width, 1, 7, 0x11, 0])
}

fn scan(parameters: [u8; 3], data: &[u8]) -> Vec<u8> {
    [
        segment(0xDA, &[&[1, 7, 0][..], &parameters].concat()),
        data.to_vec(),
    ]
    .concat()
}

fn file(parts: &[&[u8]]) -> Vec<u8> {
    [&[0xFF, 0xD8], parts.concat().as_slice(), &[0xFF, 0xD9]].concat()
}

const SEQUENTIAL: [u8; 3] = [0, 63, 0];

/// A baseline picture of `width` with these bytes for its scan.
fn baseline(width: u8, data: &[u8]) -> Vec<u8> {
    file(&[&tables(), &frame(0xC0, width), &scan(SEQUENTIAL, data)])
}

/// A progressive picture of `width` with an empty DC scan, then scans of coefficients 1 to 63.
fn progressive(width: u8, scans: &[(u8, &str)]) -> Vec<u8> {
    let dc = scan(
        [0, 0, 0],
        &code(&"0".repeat(usize::from(width.div_ceil(8)))),
    );
    let mut parts = vec![tables(), frame(0xC2, width), dc];
    parts.extend(
        scans
            .iter()
            .map(|(approximation, bits)| scan([1, 63, *approximation], &code(bits))),
    );
    file(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

fn fault(data: &[u8]) -> Corruption {
    match walk(data).err() {
        Some(Error::Corrupt { detail, .. }) => detail,
        other => panic!("{other:?}"),
    }
}

/// What is kept of the data of a picture of one scan.
fn kept(data: &[u8]) -> Vec<u8> {
    let analysis = walk(data).expect("sound");
    let scans = scans(&analysis);
    assert_eq!(scans.len(), 1);
    let parts = scans[0].clone().into_parts();
    parts
        .iter()
        .flat_map(|part| part.bytes(data))
        .copied()
        .collect()
}

#[test]
fn a_complete_scan_ends_with_its_last_block() {
    // Each block: DC size 0, one AC value, end.
    let data = code("0 10 1 0   0 10 0 0");
    assert_eq!(kept(&baseline(16, &data)), data);
}

#[test]
fn bytes_behind_the_last_block_are_cut() {
    for junk in [
        &b"canary"[..],
        &[0xFF, 0, 0xFF, 0],
        &[0xFF, 0xD3, 1, 2],
        &[0xFF, 0x01],
        &[0xFF, 0xFF, 0xFF],
    ] {
        let data = code("0 10 1 0   0 10 0 0");
        let file = baseline(16, &[&data, junk].concat());
        assert_eq!(kept(&file), data);
    }
}

#[test]
fn padding_that_is_not_ones_is_set() {
    // Five bits used of the first byte.
    assert_eq!(kept(&baseline(8, &[0b0101_0010])), [0b0101_0111]);
    // Two bits used: a whole byte of padding would be junk.
    assert_eq!(kept(&baseline(8, &[0b0011_1111, 0xFF, 0])).len(), 1);
    // 1 + 63 * 3 bits, the last of them a value bit of 1 and two bits of padding.
    let sound = code(&("0".to_owned() + &"10 1".repeat(63)));
    let mut data = sound.clone();
    *data.last_mut().expect("not empty") &= 0xFC;
    assert_eq!(kept(&baseline(8, &data)), sound);
}

#[test]
fn a_stuffed_last_byte_is_kept_whole() {
    // Values of fifteen ones, the last of which end the data.
    let mut dht = vec![0x10, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    dht.extend([0x00, 0x0F, 0x0E]);
    let data = code(&("0".to_owned() + &("10".to_owned() + &"1".repeat(15)).repeat(63)));
    assert_eq!(data.last(), Some(&0));
    let file = file(&[
        &tables(),
        &segment(0xC4, &dht),
        &frame(0xC0, 8),
        &scan(SEQUENTIAL, &data),
    ]);
    assert_eq!(kept(&file), data);
}

#[test]
fn fill_bytes_within_a_scan_are_refused() {
    // Run 0 and size 15, so that ones come in a row.
    let mut dht = vec![0x10, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    dht.extend([0x00, 0x0F]);
    let parts = |data: &[u8]| {
        file(&[
            &tables(),
            &segment(0xC4, &dht),
            &frame(0xC0, 8),
            &scan(SEQUENTIAL, data),
        ])
    };
    let clean = code("0  10 111111111111111  10 000000000000000 0");
    let at = clean
        .windows(2)
        .position(|pair| pair == [0xFF, 0])
        .expect("stuffed");
    assert_eq!(kept(&parts(&clean)), clean);
    let mut filled = clean.clone();
    filled.splice(at..at, [0xFF, 0xFF]);
    assert_eq!(fault(&parts(&filled)), Corruption::Stuffing);
    // Behind the last code it is junk like any other.
    let mut junk = clean.clone();
    junk.extend([0xFF, 0xFF, 0]);
    assert_eq!(kept(&parts(&junk)), clean);
}

#[test]
fn blocks_that_are_missing_are_an_error() {
    for bits in [
        "0 10 1 0",
        "0 10 1 0  0 10",
        "0 10 1 0 0",
        "0 10 1 0 0 10 1",
    ] {
        assert_eq!(
            fault(&baseline(32, &code(bits))),
            Corruption::ScanCutOff,
            "{bits}"
        );
    }
    let mut cut = baseline(16, &code("0 10 1 0   0 10 0 0"));
    cut.truncate(cut.len() - 3);
    assert_eq!(fault(&cut), Corruption::ScanCutOff);
}

#[test]
fn what_decoders_read_differently_is_refused() {
    // Four times 15 zeros and a value: coefficient 64.
    let run = "0".to_owned() + &"1110 1".repeat(4);
    assert_eq!(fault(&baseline(8, &code(&run))), Corruption::BadCoefficient);
    // Four times 16 zeros.
    let zeros = "0".to_owned() + &"110".repeat(4);
    assert_eq!(
        fault(&baseline(8, &code(&zeros))),
        Corruption::BadCoefficient
    );
    // Run 1, size 0.
    assert_eq!(
        fault(&baseline(8, &code("0 11110 0"))),
        Corruption::BadCoefficient
    );
    // No such code.
    assert_eq!(
        fault(&baseline(
            8,
            &[&code("0 111111")[..], &[1, 2, 3, 4]].concat()
        )),
        Corruption::BadCode
    );
    // A DC code that is not there.
    assert_eq!(
        fault(&baseline(
            8,
            &[&code("11 000000")[..], &[1, 2, 3, 4]].concat()
        )),
        Corruption::BadCode
    );
}

#[test]
fn restart_markers_are_kept_in_sequence_and_junk_before_them_is_not() {
    let parts = |between: &[&[u8]]| {
        let mut data = Vec::new();
        for bytes in between {
            data.extend(code("0 10 1 0"));
            data.extend_from_slice(bytes);
        }
        data.extend(code("0 0"));
        file(&[
            &tables(),
            &segment(0xDD, &[0, 1]),
            &frame(0xC0, 24),
            &scan(SEQUENTIAL, &data),
        ])
    };
    let clean = parts(&[&[0xFF, 0xD0], &[0xFF, 0xD1]]);
    for dirty in [
        parts(&[b"\x01\x02\xFF\x00\xFF\xD0", &[0xFF, 0xD1]]),
        parts(&[&[0xFF, 0xFF, 0xFF, 0xD0], &[0xFF, 0xD1]]),
    ] {
        assert_eq!(kept(&dirty), kept(&clean));
    }
    assert_eq!(
        fault(&parts(&[&[0xFF, 0xD1], &[0xFF, 0xD1]])),
        Corruption::Restart
    );
    assert_eq!(
        fault(&parts(&[&[0xFF, 0xD0], &[0xFF, 0xD0]])),
        Corruption::Restart
    );
    assert_eq!(fault(&parts(&[&[0xFF, 0xD0], &[]])), Corruption::ScanCutOff);
}

#[test]
fn progressive_scans_are_followed_through_their_runs() {
    // 0x10 is an end-of-band run of 2 or 3 blocks here.
    let first = "10 1 0  11110 0  10 1 0";
    let sound = progressive(32, &[(1, first), (0x10, "0 1  11110 0   0 1")]);
    let analysis = walk(&sound).expect("sound");
    assert_eq!(scans(&analysis).len(), 3);
    assert!(complete(&analysis));
    assert!(analysis.report.removed.is_empty());
    // Without its refinement it is sound, but not to the last bit.
    assert!(!complete(
        &walk(&progressive(32, &[(1, first)])).expect("sound")
    ));
    // One correction bit too few: the padding is taken for it. Eight too few are noticed.
    let many = "10 1 ".repeat(63);
    let cut = progressive(8, &[(1, &many), (0x10, "0 1111")]);
    assert_eq!(fault(&cut), Corruption::ScanCutOff);
}

#[test]
fn runs_of_empty_blocks_end_with_the_picture() {
    assert_eq!(
        fault(&progressive(8, &[(0, "11110 0")])),
        Corruption::BadCoefficient
    );
    assert_eq!(
        fault(&progressive(16, &[(0, "11110 1")])),
        Corruption::BadCoefficient
    );
    assert!(walk(&progressive(16, &[(0, "11110 0")])).is_ok());
}

#[test]
fn scans_that_do_not_follow_are_refused() {
    let twice = progressive(8, &[(0, "0"), (0, "0")]);
    assert_eq!(fault(&twice), Corruption::Progression);
    assert_eq!(
        fault(&progressive(8, &[(0x10, "0")])),
        Corruption::Progression
    );
    assert_eq!(
        fault(&progressive(8, &[(2, "0"), (0x10, "0")])),
        Corruption::Progression
    );
    assert_eq!(
        fault(&progressive(8, &[(2, "0"), (0x20, "0")])),
        Corruption::ScanParameters
    );
    let one = scan(SEQUENTIAL, &code("0 0"));
    let again = file(&[&tables(), &frame(0xC0, 8), &one, &one]);
    assert_eq!(fault(&again), Corruption::Progression);
}

#[test]
fn dnl_gives_the_height() {
    let lines = |height: u8, dnl: &[u8]| {
        let mut sof = frame(0xC0, 8);
        sof[6] = height;
        file(&[&tables(), &sof, &scan(SEQUENTIAL, &code("0 0  0 0")), dnl])
    };
    let height = |data: &[u8]| walk(data).map(|analysis| analysis.frame.height);
    assert_eq!(height(&lines(0, &segment(0xDC, &[0, 16]))), Ok(16));
    assert_eq!(
        fault(&lines(40, &segment(0xDC, &[0, 16]))),
        Corruption::ScanCutOff
    );
    assert_eq!(height(&lines(16, &segment(0xDC, b"\0\x10canary"))), Ok(16));
    assert_eq!(fault(&lines(0, &[])), Corruption::LineCount);
    assert_eq!(
        fault(&lines(0, &segment(0xDC, &[0, 0]))),
        Corruption::LineCount
    );
    assert_eq!(height(&lines(16, &segment(0xDC, &[0, 8]))), Ok(16));
}

#[test]
fn headers_are_checked() {
    let with = |sof: &[u8], marker: u8| {
        walk(&file(&[
            &tables(),
            &segment(marker, sof),
            &scan(SEQUENTIAL, &code("0 0")),
        ]))
        .err()
    };
    let corrupt = |sof: &[u8]| match with(sof, 0xC0) {
        Some(Error::Corrupt { detail, .. }) => detail,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        corrupt(&[8, 0, 8, 0, 0, 1, 7, 0x11, 0]),
        Corruption::ZeroDimension
    );
    assert_eq!(corrupt(&[8, 0, 8, 0, 8, 0]), Corruption::ComponentCount);
    assert_eq!(
        corrupt(&[8, 0, 8, 0, 8, 1, 7, 0x11]),
        Corruption::SegmentLength
    );
    assert_eq!(
        corrupt(&[8, 0, 8, 0, 8, 1, 7, 0x11, 0, 0]),
        Corruption::SegmentLength
    );
    assert_eq!(
        corrupt(&[8, 0, 8, 0, 8, 1, 7, 0x01, 0]),
        Corruption::SamplingFactors
    );
    assert_eq!(
        corrupt(&[8, 0, 8, 0, 8, 1, 7, 0x15, 0]),
        Corruption::SamplingFactors
    );
    assert_eq!(
        corrupt(&[8, 0, 8, 0, 8, 1, 7, 0x11, 4]),
        Corruption::TableReference
    );
    assert_eq!(
        corrupt(&[8, 0, 8, 0, 8, 1, 7, 0x11, 3]),
        Corruption::MissingQuantizationTable
    );
    assert_eq!(
        corrupt(&[8, 0, 8, 0, 8, 1, 6, 0x11, 0]),
        Corruption::UnknownComponent
    );
    let two = [8, 0, 8, 0, 8, 2, 7, 0x11, 0, 8, 0x11, 0];
    assert_eq!(corrupt(&two), Corruption::MissingComponent);
    let grey = [8, 0, 8, 0, 8, 1, 7, 0x11, 0];
    for marker in [0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF] {
        let error = Error::Unsupported {
            offset: 97 + 30,
            detail: Unsupported::Process(marker),
        };
        assert_eq!(with(&grey, marker).map(|e| e.name()), Some(error.name()));
    }
    let mut twelve = grey;
    twelve[0] = 12;
    assert!(matches!(
        with(&twelve, 0xC0),
        Some(Error::Unsupported {
            detail: Unsupported::Precision(12),
            ..
        })
    ));
    assert_eq!(with(&twelve, 0xC1).map(|error| error.name()), None);
    let large = [8, 0xFF, 0xFF, 0xFF, 0xFF, 1, 7, 0x11, 0];
    assert!(matches!(
        with(&large, 0xC0),
        Some(Error::TooLarge {
            detail: Excess::Pixels,
            ..
        })
    ));
}

#[test]
fn tables_are_checked() {
    let with = |marker: u8, body: &[u8]| fault(&file(&[&segment(marker, body)]));
    assert_eq!(
        with(0xC4, &[0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        Corruption::SegmentLength
    );
    assert_eq!(
        with(
            0xC4,
            &[4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
        ),
        Corruption::TableReference
    );
    assert_eq!(
        with(
            0xC4,
            &[0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
        ),
        Corruption::TableReference
    );
    assert_eq!(with(0xDB, &[0; 64]), Corruption::SegmentLength);
    assert_eq!(with(0xDB, &[0x20; 65]), Corruption::QuantizationTable);
    assert_eq!(with(0xDB, &[0x04; 65]), Corruption::TableReference);
    assert_eq!(with(0xDD, &[0, 1, 0]), Corruption::SegmentLength);
    assert_eq!(with(0xCC, &[0x10]), Corruption::SegmentLength);
}

/// Decoders do not look at tables that no scan uses, and they go.
#[test]
fn tables_in_use_are_checked() {
    let huffman = |table: &[u8]| {
        file(&[
            &tables(),
            &segment(0xC4, table),
            &frame(0xC0, 8),
            &scan(SEQUENTIAL, &code("0 0")),
        ])
    };
    let crowded = [0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3];
    let empty = [0; 17];
    for table in [&crowded[..], &empty] {
        assert_eq!(fault(&huffman(table)), Corruption::HuffmanTable);
        let mut unused = table.to_vec();
        unused[0] = 2;
        assert!(walk(&huffman(&unused)).is_ok());
    }
    for value in [[0, 0x01], [0x10, 0], [0x10, 64], [0x10, 200], [0x10, 255]] {
        let arithmetic = file(&[
            &tables(),
            &segment(0xCC, &value),
            &frame(0xC9, 8),
            &scan(SEQUENTIAL, &[0]),
        ]);
        assert_eq!(fault(&arithmetic), Corruption::ArithmeticConditioning);
        let mut unused = baseline(8, &code("0 0"));
        unused.splice(2..2, segment(0xCC, &value));
        assert!(walk(&unused).is_ok());
    }
}

/// The work for a picture that declares much and says little must not depend on what it declares.
#[test]
fn a_small_file_of_a_large_picture_is_followed_in_little_memory() {
    // 4096 x 4096: DC scan cut off at once.
    let mut sof = frame(0xC2, 0);
    (sof[5], sof[6], sof[7], sof[8]) = (0x10, 0, 0x10, 0);
    let file = file(&[&tables(), &sof, &scan([0, 0, 0], &code("0"))]);
    assert_eq!(fault(&file), Corruption::ScanCutOff);
}

/// The answer of every prefix of a picture is an error, whatever its process.
#[test]
fn no_prefix_of_a_picture_is_complete() {
    let data = code("0 10 1 0   0 10 0 0 10 11 0");
    let whole = baseline(24, &data);
    assert!(walk(&whole).is_ok());
    for length in 2..whole.len() - 2 {
        assert!(walk(&whole[..length]).is_err(), "{length}");
    }
}
