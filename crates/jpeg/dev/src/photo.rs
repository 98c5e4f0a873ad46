//! Makes files like photographs, for tests and benchmarks.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

/// What to make.
#[derive(Debug, Clone, Copy)]
pub struct Photo {
    /// Samples per line.
    pub width: u16,
    /// Lines.
    pub height: u16,
    /// Whether it is coded progressively.
    pub progressive: bool,
    /// What its samples are.
    pub color: ColorType,
    /// How its chrominance is sampled.
    pub sampling: SamplingFactor,
    /// In MCUs, 0 for none.
    pub restart_interval: u16,
    /// 1 to 100.
    pub quality: u8,
}

impl Default for Photo {
    fn default() -> Self {
        Self {
            width: 64,
            height: 48,
            progressive: false,
            color: ColorType::Rgb,
            sampling: SamplingFactor::R_4_2_0,
            restart_interval: 0,
            quality: 90,
        }
    }
}

impl Photo {
    /// The file. Slopes, edges and a noise as sensors have it; the same for the same values.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out, self.quality);
        encoder.set_progressive(self.progressive);
        encoder.set_sampling_factor(self.sampling);
        if self.restart_interval > 0 {
            encoder.set_restart_interval(self.restart_interval);
        }
        encoder
            .encode(&self.samples(), self.width, self.height, self.color)
            .expect("a picture that can be coded");
        out
    }

    fn samples(&self) -> Vec<u8> {
        let channels = match self.color {
            ColorType::Luma => 1,
            ColorType::Cmyk | ColorType::CmykAsYcck | ColorType::Rgba => 4,
            _ => 3,
        };
        let mut state = 0x2545_F491_u32;
        let mut samples = Vec::new();
        for y in 0..u32::from(self.height) {
            for x in 0..u32::from(self.width) {
                for channel in 0..channels {
                    state ^= state << 13;
                    state ^= state >> 17;
                    state ^= state << 5;
                    let slope = (x * 3 + y * 2 + channel * 40) / 8 % 200;
                    let edge = if (x / 37 + y / 23) % 3 == 0 { 30 } else { 0 };
                    samples.push((slope + edge + (state >> 24) % 24) as u8);
                }
            }
        }
        samples
    }
}
