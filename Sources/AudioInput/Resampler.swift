/// Any rate to 16 kHz, in integers, a block at a time. 16 kHz passes through bit for bit.
///
/// Output n lies at input time n · rate / 16000, exactly (a rational phase, no drift), so output 0 falls on input 0: the delay
/// of the filter is taken out. A whole recording of N samples gives ceil(N · 16000 / rate) samples: those whose time lies
/// before its end. Zeros stand before the first and after the last sample. Live, an output waits for half a filter of
/// input: 2.3 ms.
///
/// One rounding, half up, and saturation, both on the complete sum. Set-up allocates; nothing after it does.
public struct Resampler: ~Copyable {
  public static let rates_hz = 1...768_000

  public let rate_hz: Int
  /// nil: the input is at 16 kHz already.
  private let bank: PolyphaseBank?
  private let taps: Int
  private let step: Int
  private let stepFraction: Int

  /// Input that outputs still need, in front of room for more.
  private let history: FixedBuffer<Int16>
  private var filled = 0
  /// Where in `history` the first tap of the next output stands, and how far (in 1 / up) the output lies past its input sample.
  private var position = 0
  private var phase = 0
  /// Where in `history` the input ended, once `finish` was called.
  private var inputEnd: Int?

  /// `rate_hz`: samples a second of what will come in, in `rates_hz` (a precondition; ask first).
  public init(rate_hz: Int) {
    precondition(Self.rates_hz.contains(rate_hz), "rate out of range")
    self.rate_hz = rate_hz
    guard rate_hz != outputRate_hz else {
      (bank, taps, step, stepFraction) = (nil, 0, 0, 0)
      history = FixedBuffer(count: 0, filledWith: 0)
      return
    }
    let bank = BankCache.bank(rate_hz: rate_hz)
    self.bank = bank
    taps = bank.taps
    step = bank.down / bank.up
    stepFraction = bank.down % bank.up
    history = FixedBuffer(count: 3 * bank.taps + 1024, filledWith: 0)
    filled = taps / 2 - 1
  }

  /// Forgets everything, as if new: for use after a gap.
  public mutating func reset() {
    phase = 0
    position = 0
    inputEnd = nil
    filled = 0
    if bank != nil { appendZeros(taps / 2 - 1) }
  }

  /// Takes as much of `input` and gives as much into `output` as possible. Either all input was consumed or the output is full;
  /// call again with the rest.
  public mutating func process(
    _ input: UnsafeBufferPointer<Int16>, into output: UnsafeMutableBufferPointer<Int16>
  ) -> (consumed: Int, produced: Int) {
    guard let target = output.baseAddress, output.count > 0 else { return (0, 0) }
    guard let bank else {
      let count = min(input.count, output.count)
      if count > 0 { target.update(from: input.baseAddress!, count: count) }
      return (count, count)
    }
    var consumed = 0
    var produced = 0
    while true {
      produced += drain(bank, into: target + produced, count: output.count - produced, limit: .max)
      if produced == output.count || consumed == input.count { return (consumed, produced) }
      if history.count - taps - filled < input.count - consumed { compact() }
      let taken = min(history.count - taps - filled, input.count - consumed)
      (history.start + filled).update(from: input.baseAddress! + consumed, count: taken)
      filled += taken
      consumed += taken
    }
  }

  /// After the last input: the outputs that are left. Call until it gives 0; then only `reset` makes it usable again.
  public mutating func finish(into output: UnsafeMutableBufferPointer<Int16>) -> Int {
    guard let bank, let target = output.baseAddress else { return 0 }
    if inputEnd == nil {
      compact()
      inputEnd = filled
      appendZeros(taps / 2)
    }
    return drain(bank, into: target, count: output.count, limit: inputEnd!)
  }

  private mutating func appendZeros(_ count: Int) {
    (history.start + filled).update(repeating: 0, count: count)
    filled += count
  }

  /// Outputs for which all input is here and whose own input sample lies before `limit`.
  private mutating func drain(
    _ bank: PolyphaseBank, into target: UnsafeMutablePointer<Int16>, count: Int, limit: Int
  ) -> Int {
    var produced = 0
    while produced < count, position + taps <= filled, position + taps / 2 - 1 < limit {
      target[produced] = output(bank)
      produced += 1
      phase += stepFraction
      position += step
      if phase >= bank.up {
        phase -= bank.up
        position += 1
      }
    }
    return produced
  }

  private func output(_ bank: PolyphaseBank) -> Int16 {
    let samples = UnsafePointer(history.start + position)
    if !bank.blended {
      let row = phase * taps
      let total = dotProduct_q21(bank.high_q14 + row, bank.low_q21 + row, samples, count: taps)
      return Int16(saturating: total.roundedShift(right: PolyphaseBank.coefficientBits))
    }
    let row = phase * bank.phases / bank.up * taps
    let weight = Int64(phase * bank.phases % bank.up)
    let up = Int64(bank.up)
    let first = dotProduct_q21(bank.high_q14 + row, bank.low_q21 + row, samples, count: taps)
    let second = dotProduct_q21(bank.high_q14 + row + taps, bank.low_q21 + row + taps, samples, count: taps)
    // |first| and |second| are below 2^38 and `up` below 2^14: no overflow in 64 bits.
    let blend = first * (up - weight) + second * weight
    return Int16(saturating: blend.roundedQuotient(by: up << PolyphaseBank.coefficientBits))
  }

  /// Moves what is still needed to the front. `position` may lie past the end when the filter is shorter than the step.
  private mutating func compact() {
    let used = min(position, filled)
    guard used > 0 else { return }
    history.start.update(from: history.start + used, count: filled - used)
    filled -= used
    position -= used
  }
}
