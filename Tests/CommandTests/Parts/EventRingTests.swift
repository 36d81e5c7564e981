import KeywordSpotter
import Testing

@testable import kws_listen
@testable import kws_score

@Suite struct EventRingTests {
  private func event(_ number: Int) -> ListenEvent {
    .keyword(KeywordEvent(word: 0, score_q15: 0, position: Int64(number)))
  }

  @Test func firstInFirstOutAtEveryPosition() {
    let ring = EventRing()
    var next = 0
    var expected = 0
    // Offsets and fill levels that pass every slot many times.
    for round in 0..<1000 {
      for _ in 0..<round % 7 {
        #expect(ring.push(event(next)))
        next += 1
      }
      while let found = ring.pop() {
        #expect(found == event(expected))
        expected += 1
      }
    }
    #expect(next == expected)
  }

  @Test func fullRingRefuses() {
    let ring = EventRing()
    for number in 0..<EventRing.capacity { #expect(ring.push(event(number))) }
    #expect(!ring.push(event(-1)))
    #expect(ring.pop() == event(0))
    #expect(ring.push(event(EventRing.capacity)))
    for number in 1...EventRing.capacity { #expect(ring.pop() == event(number)) }
    #expect(ring.pop() == nil)
  }

  @Test func oneThreadWritesAnotherReads() {
    let ring = EventRing()
    let count = 200_000
    runWorkers(2) { worker in
      var number = 0
      if worker == 0 {
        while number < count { if ring.push(event(number)) { number += 1 } }
      } else {
        while number < count {
          guard let found = ring.pop() else { continue }
          #expect(found == event(number))
          number += 1
        }
      }
    }
    #expect(ring.pop() == nil)
  }
}
