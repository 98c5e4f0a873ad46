//! Notices of an XMP packet (ISO 16684-1), and the packet that is written.

use roxmltree::{Document, Node};

use super::text;

const SIGNATURE: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

const DC: &str = "http://purl.org/dc/elements/1.1/";
const PHOTOSHOP: &str = "http://ns.adobe.com/photoshop/1.0/";
const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const RIGHTS: &str = "http://ns.adobe.com/xap/1.0/rights/";

/// A packet that declares more namespaces is not read: the parser's time grows with the cube of how many are nested. Editors write
/// some ten.
const MOST_NAMESPACES: usize = 256;

/// The notices by their properties of the IPTC Photo Metadata Standard (IPTC Core 1.5 and XMP's own schema of rights).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Notices {
    /// `dc:creator`, "Creator".
    pub(super) creator: Option<String>,
    /// `dc:rights`, "Copyright Notice".
    pub(super) rights: Option<String>,
    /// `photoshop:Credit`, "Credit Line".
    pub(super) credit: Option<String>,
    /// `xmpRights:UsageTerms`, "Rights Usage Terms".
    terms: Option<String>,
    /// `xmpRights:WebStatement`, "Web Statement of Rights".
    statement: Option<String>,
}

impl Notices {
    /// Takes from `others` what is missing here.
    pub(super) fn or(&mut self, others: Self) {
        let pairs = [
            (&mut self.creator, others.creator),
            (&mut self.rights, others.rights),
            (&mut self.credit, others.credit),
            (&mut self.terms, others.terms),
            (&mut self.statement, others.statement),
        ];
        for (notice, other) in pairs {
            if notice.is_none() {
                *notice = other;
            }
        }
    }

    /// The body of an APP1 segment with these notices alone; none if there are no notices.
    pub(super) fn packet(&self) -> Option<Vec<u8>> {
        let notices = [
            (
                &self.creator,
                "<dc:creator><rdf:Seq><rdf:li>",
                "</rdf:li></rdf:Seq></dc:creator>",
            ),
            (
                &self.rights,
                "<dc:rights><rdf:Alt><rdf:li xml:lang=\"x-default\">",
                "</rdf:li></rdf:Alt></dc:rights>",
            ),
            (&self.credit, "<photoshop:Credit>", "</photoshop:Credit>"),
            (
                &self.terms,
                "<xmpRights:UsageTerms><rdf:Alt><rdf:li xml:lang=\"x-default\">",
                "</rdf:li></rdf:Alt></xmpRights:UsageTerms>",
            ),
            (
                &self.statement,
                "<xmpRights:WebStatement>",
                "</xmpRights:WebStatement>",
            ),
        ];
        let mut properties = String::new();
        for (notice, start, end) in notices {
            if let Some(notice) = notice {
                properties.push_str(start);
                for c in notice.chars() {
                    match c {
                        '&' => properties.push_str("&amp;"),
                        '<' => properties.push_str("&lt;"),
                        '>' => properties.push_str("&gt;"),
                        other => properties.push(other),
                    }
                }
                properties.push_str(end);
            }
        }
        let packet = format!(
            "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"{RDF}\"><rdf:Description rdf:about=\"\" \
             xmlns:dc=\"{DC}\" xmlns:photoshop=\"{PHOTOSHOP}\" xmlns:xmpRights=\"{RIGHTS}\">{properties}</rdf:Description></rdf:RDF></x:xmpmeta>"
        );
        (!properties.is_empty()).then(|| [SIGNATURE, packet.as_bytes()].concat())
    }
}

/// The notices in the body of an APP1 segment with XMP; none if the packet is not well-formed XML.
pub(super) fn read(body: &[u8]) -> Notices {
    let mut notices = Notices::default();
    let packet = body.strip_prefix(SIGNATURE).map(std::str::from_utf8);
    let Some(Ok(packet)) = packet else {
        return notices;
    };
    if packet.matches("xmlns").count() > MOST_NAMESPACES {
        return notices;
    }
    let Ok(document) = Document::parse(packet.trim_matches('\u{FEFF}')) else {
        return notices;
    };
    let descriptions = document
        .descendants()
        .filter(|node| node.has_tag_name((RDF, "Description")) && is_top(*node));
    for description in descriptions {
        for (notice, namespace, name) in [
            (&mut notices.creator, DC, "creator"),
            (&mut notices.rights, DC, "rights"),
            (&mut notices.credit, PHOTOSHOP, "Credit"),
            (&mut notices.terms, RIGHTS, "UsageTerms"),
            (&mut notices.statement, RIGHTS, "WebStatement"),
        ] {
            if notice.is_none() {
                *notice =
                    property(description, namespace, name).and_then(|found| text::clean(&found));
            }
        }
    }
    notices
}

/// Whether a description is about the picture itself. Nested ones are about the pictures that it was made from.
fn is_top(node: Node<'_, '_>) -> bool {
    node.parent()
        .is_some_and(|parent| parent.has_tag_name((RDF, "RDF")))
}

/// A property's text: an attribute, an element, or a list, of which the default language or every entry is taken.
fn property(description: Node<'_, '_>, namespace: &str, name: &str) -> Option<String> {
    if let Some(value) = description.attribute((namespace, name)) {
        return Some(value.to_owned());
    }
    let element = description
        .children()
        .find(|node| node.has_tag_name((namespace, name)))?;
    let Some(list) = element.children().find(Node::is_element) else {
        return element.text().map(ToOwned::to_owned);
    };
    let entries = || {
        list.children()
            .filter(|node| node.has_tag_name((RDF, "li")))
    };
    if list.has_tag_name((RDF, "Alt")) {
        let of_language = |node: &Node<'_, '_>| {
            node.attribute(("http://www.w3.org/XML/1998/namespace", "lang")) == Some("x-default")
        };
        let chosen = entries().find(of_language).or_else(|| entries().next())?;
        return chosen.text().map(ToOwned::to_owned);
    }
    let texts: Vec<&str> = entries().filter_map(|node| node.text()).collect();
    Some(texts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(properties: &str) -> Vec<u8> {
        let packet = format!(
            "<?xpacket begin=\"\u{FEFF}\"?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"{RDF}\">\
             <rdf:Description xmlns:d=\"{DC}\" xmlns:p=\"{PHOTOSHOP}\" xmlns:r=\"{RIGHTS}\" {properties}\
             </rdf:Description></rdf:RDF></x:xmpmeta>"
        );
        [SIGNATURE, packet.as_bytes()].concat()
    }

    #[test]
    fn notices_are_read_in_every_way_that_they_are_written() {
        let found = read(&packet(
            "p:Credit=\"A &amp; B\" r:WebStatement=\"https://example.com/terms\">\
             <d:creator><rdf:Seq><rdf:li>Ada</rdf:li><rdf:li>Grace</rdf:li></rdf:Seq></d:creator>\
             <d:rights><rdf:Alt><rdf:li xml:lang=\"de\">Deutsch</rdf:li><rdf:li xml:lang=\"x-default\">© Ada</rdf:li></rdf:Alt></d:rights>\
             <r:UsageTerms>ask</r:UsageTerms><d:title>SECRET</d:title>",
        ));
        let some = |text: &str| Some(text.to_owned());
        let wanted = Notices {
            creator: some("Ada; Grace"),
            rights: some("© Ada"),
            credit: some("A & B"),
            terms: some("ask"),
            statement: some("https://example.com/terms"),
        };
        assert_eq!(found, wanted);
        // And what is written is read as the same.
        assert_eq!(read(&wanted.packet().unwrap()), wanted);
        assert_eq!(Notices::default().packet(), None);
    }

    #[test]
    fn what_is_no_xml_or_deep_has_no_notices() {
        let deep = [SIGNATURE, "<a>".repeat(21_000).as_bytes()].concat();
        let nested = packet(
            "><d:source><rdf:Description><d:rights>of another picture</d:rights></rdf:Description></d:source>",
        );
        let bomb = [SIGNATURE, b"<!DOCTYPE x [<!ENTITY a \"aaaa\">]><x>&a;</x>"].concat();
        let declared = |number| format!("xmlns:n{number}=\"n\" ");
        let crowd: Vec<String> = (0..=MOST_NAMESPACES).map(declared).collect();
        let crowd = crowd.concat();
        let crowded = packet(&format!("{crowd}><d:rights>Ada</d:rights>"));
        for body in [
            deep,
            nested,
            bomb,
            crowded,
            SIGNATURE.to_vec(),
            b"x".to_vec(),
        ] {
            assert_eq!(read(&body), Notices::default());
        }
    }
}
