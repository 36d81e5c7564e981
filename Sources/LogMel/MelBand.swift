/// The FFT bins that a band adds up, as stored in the section; its weights follow those of the band before.
struct MelBand: BitwiseCopyable {
  let firstBin: UInt16
  let binCount: UInt16
}
