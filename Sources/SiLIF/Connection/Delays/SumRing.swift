/// Dendritic and synaptic delays: a ring of future input sums.
///
/// Memory: (maximumDelay + 1) · width · 4 bytes. A slot is complete when its step comes, because no delay is longer
/// than the ring; it never overflows, because `ConnectionTables` bounds the sum of any subset of weights.
struct SumRing {
  private let sums: UnsafeMutablePointer<Int32>
  private let width: Int
  private let slots: Int

  init(width: Int, maximumDelay: Int, arena: inout Arena) {
    self.width = width
    slots = maximumDelay + 1
    sums = arena.reserve(Int32.self, width * slots)
  }

  @_noAllocation @_noLocks
  func reset() {
    for index in 0..<width &* slots { sums[index] = 0 }
  }

  /// Dendritic: moves each neuron's complete sum to its own future slot. Each (slot, neuron) is written exactly once
  /// per turn of the ring, so nothing needs clearing.
  @_noAllocation @_noLocks
  func deposit(sums now: UnsafePointer<Int32>, slot: Int, delays: UnsafePointer<UInt8>) {
    for index in 0..<width {
      sums[target(slot, delays[index]) &* width &+ index] = now[index]
    }
  }

  /// Synaptic: adds one presynaptic neuron's weights, times `value`, each to its own future slot. A range here would be
  /// checked, and trap, once a row.
  @_noAllocation @_noLocks
  func scatter(row: UnsafePointer<Int8>, delays: UnsafePointer<UInt8>, value: Int32, slot: Int) {
    var index = 0
    while index < width {
      sums[target(slot, delays[index]) &* width &+ index] &+= value &* Int32(row[index])
      index &+= 1
    }
  }

  @_noAllocation @_noLocks
  func scatter(row: UnsafePointer<Int16>, delays: UnsafePointer<UInt8>, value: Int32, slot: Int) {
    var index = 0
    while index < width {
      sums[target(slot, delays[index]) &* width &+ index] &+= value &* Int32(row[index])
      index &+= 1
    }
  }

  @_noAllocation @_noLocks
  func scatter(row: NibbleRow, delays: UnsafePointer<UInt8>, value: Int32, slot: Int) {
    var index = 0
    while index < width {
      sums[target(slot, delays[index]) &* width &+ index] &+= value &* Int32(row.weight(index))
      index &+= 1
    }
  }

  /// Reads the slot of this step.
  @_noAllocation @_noLocks
  func collect(slot: Int, into now: UnsafeMutablePointer<Int32>) {
    let row = sums + slot &* width
    for index in 0..<width { now[index] = row[index] }
  }

  /// Empties the slot of this step for the step that comes a full turn later. Synaptic rings only.
  @_noAllocation @_noLocks
  func clear(slot: Int) {
    let row = sums + slot &* width
    for index in 0..<width { row[index] = 0 }
  }

  @_noAllocation @_noLocks
  @inline(__always)
  private func target(_ slot: Int, _ delay: UInt8) -> Int {
    let sum = slot &+ Int(delay)
    return sum >= slots ? sum &- slots : sum
  }
}
