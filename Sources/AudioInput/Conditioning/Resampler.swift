import FixedPoint

/// Any rate to 16 kHz, in integers, a block at a time. 16 kHz passes through bit for bit.
///
/// Output n lies at input time n · rate / 16000, exactly (a rational phase, no drift), so output 0 falls on input 0: the delay
/// of the filter is taken out. A whole recording of N samples gives ceil(N · 16000 / rate) samples: those whose time lies
/// before its end. Zeros stand before the first and after the last sample. Live, an output waits for half a filter of
/// input: 2.3 ms.
///
/// One rounding, half up, and saturation, both on the complete sum. Set-up allocates; nothing after it does.
///
/// Twins: tools/silif_tools/integer/resampler.py
public struct Resampler: ~Copyable {
  /// Input rates that are served.
  public static let rates_hz = 1...768_000

  /// Samples a second of what goes in.
  public let rate_hz: Int
  /// nil: the input is at 16 kHz already. Kept for its memory, which `rows` points into.
  private let bank: PolyphaseBank?
  private let rows: PolyphaseBank.Rows?
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
      (bank, rows, taps, step, stepFraction) = (nil, nil, 0, 0, 0)
      history = FixedBuffer(count: 0, filledWith: 0)
      return
    }
    let bank = BankCache.bank(rate_hz: rate_hz)
    self.bank = bank
    rows = bank.rows
    taps = bank.taps
    step = bank.down / bank.up
    stepFraction = bank.down % bank.up
    history = FixedBuffer(count: 3 * bank.taps + 1024, filledWith: 0)
    filled = taps / 2 - 1
  }

  /// Forgets everything, as if new: for use after a gap.
  @_noAllocation @_noLocks
  public mutating func reset() {
    phase = 0
    position = 0
    inputEnd = nil
    filled = 0
    if rows != nil { appendZeros(taps / 2 - 1) }
  }

  /// Takes as much of `input` and gives as much into `output` as possible. Either all input was consumed or the output is full;
  /// call again with the rest.
  ///
  /// - Parameters:
  ///   - input: at `rate_hz`, mono.
  ///   - output: at 16 kHz, mono.
  /// - Returns: samples taken from the front of the input, and samples written to the front of the output.
  @_noAllocation @_noLocks
  public mutating func process(
    _ input: UnsafeBufferPointer<Int16>, into output: UnsafeMutableBufferPointer<Int16>
  ) -> (consumed: Int, produced: Int) {
    guard let target = output.baseAddress, output.count > 0 else { return (0, 0) }
    guard let rows else {
      let count = min(input.count, output.count)
      if count > 0 { copySamples(input.baseAddress!, to: target, count: count) }
      return (count, count)
    }
    var consumed = 0
    var produced = 0
    while true {
      produced += drain(rows, into: target + produced, count: output.count - produced, limit: .max)
      if produced == output.count || consumed == input.count { return (consumed, produced) }
      if history.count - taps - filled < input.count - consumed { compact() }
      let taken = min(history.count - taps - filled, input.count - consumed)
      copySamples(input.baseAddress! + consumed, to: history.start + filled, count: taken)
      filled += taken
      consumed += taken
    }
  }

  /// After the last input: the outputs that are left. Call until it gives 0; then only `reset` makes it usable again.
  @_noAllocation @_noLocks
  public mutating func finish(into output: UnsafeMutableBufferPointer<Int16>) -> Int {
    guard let rows, let target = output.baseAddress else { return 0 }
    if inputEnd == nil {
      compact()
      inputEnd = filled
      appendZeros(taps / 2)
    }
    return drain(rows, into: target, count: output.count, limit: inputEnd!)
  }

  private mutating func appendZeros(_ count: Int) {
    for at in filled..<(filled + count) { history.start[at] = 0 }
    filled += count
  }

  /// Outputs for which all input is here and whose own input sample lies before `limit`.
  private mutating func drain(
    _ rows: PolyphaseBank.Rows, into target: UnsafeMutablePointer<Int16>, count: Int, limit: Int
  ) -> Int {
    var produced = 0
    while produced < count, position + taps <= filled, position + taps / 2 - 1 < limit {
      target[produced] = output(rows)
      produced += 1
      phase += stepFraction
      position += step
      if phase >= rows.up {
        phase -= rows.up
        position += 1
      }
    }
    return produced
  }

  private func output(_ rows: PolyphaseBank.Rows) -> Int16 {
    let samples = UnsafePointer(history.start + position)
    if !rows.blended {
      let row = phase * taps
      let total = dotProduct_q21(rows.high_q14 + row, rows.low_q21 + row, samples, count: taps)
      return Int16(saturating: roundedShift(total, rightBy: CoefficientFormat.bits))
    }
    let row = phase * rows.phases / rows.up * taps
    let weight = Int64(phase * rows.phases % rows.up)
    let up = Int64(rows.up)
    let first = dotProduct_q21(rows.high_q14 + row, rows.low_q21 + row, samples, count: taps)
    let second = dotProduct_q21(rows.high_q14 + row + taps, rows.low_q21 + row + taps, samples, count: taps)
    // |first| and |second| are below 2^38 and `up` below 2^14: no overflow in 64 bits.
    let blend = first * (up - weight) + second * weight
    return Int16(saturating: roundedQuotient(blend, by: up << CoefficientFormat.bits))
  }

  /// Moves what is still needed to the front. `position` may lie past the end when the filter is shorter than the step.
  private mutating func compact() {
    let used = min(position, filled)
    guard used > 0 else { return }
    copySamples(history.start + used, to: history.start, count: filled - used)
    filled -= used
    position -= used
  }
}
