import Synchronization

/// Designing a bank takes milliseconds, and a folder of clips shares one rate: the last few banks are kept, for all threads.
enum BankCache {
  private static let limit = 4
  private static let banks = Mutex<[PolyphaseBank]>([])

  static func bank(rate_hz: Int) -> PolyphaseBank {
    if let known = banks.withLock({ $0.first { $0.rate_hz == rate_hz } }) { return known }
    let bank = PolyphaseBank(rate_hz: rate_hz)
    banks.withLock {
      if $0.count == limit { $0.removeFirst() }
      $0.append(bank)
    }
    return bank
  }
}
