//! Segments with notices of copyright, and a canary in everything else that they can have.

use crate::bytes::segment;

/// Exif with a canary in every field but Artist and Copyright, and a GPS IFD. Big-endian or little-endian.
pub fn exif(canary: &[u8], big_endian: bool) -> Vec<u8> {
    let number = |value: u32, bytes: usize| -> Vec<u8> {
        if big_endian {
            value.to_be_bytes()[4 - bytes..].to_vec()
        } else {
            value.to_le_bytes()[..bytes].to_vec()
        }
    };
    let texts: [(u32, &[u8]); 5] = [
        (0x010E, canary),
        (0x010F, canary),
        (0x013B, "Ada Übel\0".as_bytes()),
        (0x8298, b"(c) 2026\0Ada <a@example.com>\0"),
        (0x9C9D, canary),
    ];
    let mut tiff = if big_endian { b"MM\0*" } else { b"II*\0" }.to_vec();
    tiff.extend(number(8, 4));
    tiff.extend(number(6, 2));
    let mut offset = 8 + 2 + 6 * 12 + 4;
    let mut values = Vec::<u8>::new();
    for (tag, text) in texts {
        tiff.extend([number(tag, 2), number(2, 2)].concat());
        tiff.extend([number(text.len() as u32, 4), number(offset, 4)].concat());
        values.extend(text);
        offset += text.len() as u32;
    }
    // The GPS IFD has one text.
    tiff.extend(
        [
            number(0x8825, 2),
            number(4, 2),
            number(1, 4),
            number(offset, 4),
        ]
        .concat(),
    );
    tiff.extend(number(0, 4));
    tiff.extend(values);
    tiff.extend([number(1, 2), number(0x1D, 2), number(2, 2)].concat());
    tiff.extend(
        [
            number(canary.len() as u32, 4),
            number(offset + 18, 4),
            number(0, 4),
        ]
        .concat(),
    );
    tiff.extend(canary);
    segment(0xE1, &[b"Exif\0\0", &tiff[..]].concat())
}

/// An IPTC record with a canary in every field but by-line, credit and copyright notice, between other image resources.
pub fn iptc(canary: &[u8]) -> Vec<u8> {
    let dataset = |record: u8, number: u8, value: &[u8]| {
        let length = (value.len() as u16).to_be_bytes();
        [&[0x1C, record, number], &length[..], value].concat()
    };
    let record = [
        dataset(1, 90, b"\x1B%G"),
        dataset(2, 120, canary),
        dataset(2, 80, b"Grace"),
        dataset(2, 25, canary),
        dataset(2, 110, b"Example Press"),
        dataset(2, 116, b"(c) 2026 Example"),
        dataset(3, 116, canary),
    ]
    .concat();
    let resource = |id: u16, name: &[u8], data: &[u8]| {
        let mut block = [&b"8BIM"[..], &id.to_be_bytes(), &[name.len() as u8], name].concat();
        block.resize(block.len() + (name.len() + 1) % 2, 0);
        block.extend((data.len() as u32).to_be_bytes());
        block.extend(data);
        block.resize(block.len() + data.len() % 2, 0);
        block
    };
    let blocks = [
        resource(0x0425, b"odd", canary),
        resource(0x0404, b"", &record),
        resource(0x040C, b"a", canary),
    ];
    segment(0xED, &[b"Photoshop 3.0\0", &blocks.concat()[..]].concat())
}

/// A packet of XMP with a canary in every property but those that are kept.
pub fn xmp(canary: &[u8]) -> Vec<u8> {
    let canary = std::str::from_utf8(canary).expect("text");
    let packet = format!(
        "http://ns.adobe.com/xap/1.0/\0<?xpacket begin=\"\u{FEFF}\"?><!-- {canary} --><x:xmpmeta xmlns:x=\"adobe:ns:meta/\" \
         x:xmptk=\"{canary}\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description \
         rdf:about=\"{canary}\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:exif=\"http://ns.adobe.com/exif/1.0/\" \
         xmlns:r=\"http://ns.adobe.com/xap/1.0/rights/\" exif:GPSLatitude=\"{canary}\" r:Marked=\"{canary}\" \
         r:WebStatement=\"https://example.com/terms?a=1&amp;b=2\"><dc:title>{canary}</dc:title>\
         <dc:rights><rdf:Alt><rdf:li xml:lang=\"de\">{canary}</rdf:li><rdf:li xml:lang=\"x-default\">in XMP</rdf:li></rdf:Alt></dc:rights>\
         <r:UsageTerms><rdf:Alt><rdf:li xml:lang=\"x-default\">ask us &lt;first&gt;</rdf:li></rdf:Alt></r:UsageTerms>\
         <dc:description>{canary}</dc:description></rdf:Description></rdf:RDF></x:xmpmeta>{canary}"
    );
    // What follows the root makes it no XML; it is there to be left out when it is a comment.
    let packet = packet.replacen(
        &format!("</x:xmpmeta>{canary}"),
        &format!("</x:xmpmeta><!--{canary}-->"),
        1,
    );
    segment(0xE1, packet.as_bytes())
}
