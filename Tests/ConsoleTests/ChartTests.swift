// Charts: gaps stay gaps, scales are round, sentences tell the truth.

import LLMTelemetry
import Monitors
import Testing

@testable import Console

@Suite struct ChartTests {
  private func chart(_ values: [(second: Int64, value: Double)], threshold: Double? = nil) -> Chart {
    let points = values.map { Chart.Point(at: Timestamp(unixSeconds: $0.second), value: $0.value) }
    return Chart(
      title: "Ungrounded", unit: .query(.share), range: Timestamp(unixSeconds: 0)..<Timestamp(unixSeconds: 100),
      step: .seconds(10),
      lines: [Chart.Line(name: "value", stroke: .solid, points: points)], threshold: threshold)
  }

  @Test func aLineIsNeverDrawnAcrossMissingData() {
    let chart = chart([(0, 0.1), (10, 0.2), (40, 0.1), (70, 0.1), (80, 0.2)])
    #expect(chart.lines[0].runs(step: chart.step).map(\.count) == [2, 1, 2])
    let svg = chart.drawing(labelledBy: "says").text
    // Two strokes, and a dot for the point without neighbours.
    #expect(svg.contains("d=\"M0 70L100 0M400 70h0M700 70L800 0\""))
    #expect(chart.sentence.contains("No data for 50 s of it, drawn as gaps."))
  }

  @Test func aChartWithoutDataSaysSo() {
    let figure = chart([]).figure(id: "c").text
    #expect(figure.contains("No data from 00:00 to 00:01 UTC."))
    #expect(!figure.contains("<svg"))
  }

  @Test func theSentenceCountsIntervalsAboveTheThreshold() {
    let chart = chart([(0, 0.02), (10, 0.08), (20, 0.11), (30, 0.03)], threshold: 0.06)
    #expect(chart.sentence.hasPrefix("At 00:00: 3 %, highest 11 % at 00:00. Above the threshold of 6 % in 2 of 4 intervals."))
  }

  @Test(arguments: [(0.0, 1.0), (0.113, 0.15), (5.4, 6), (346, 400), (1_000_000, 1_000_000)])
  func scalesEndOnARoundValue(highest: Double, top: Double) {
    let scale = ChartScale(chart([(0, highest)]))
    #expect((scale.top - top).magnitude < 1e-9)
    #expect(scale.valueTicks.count <= 5)
  }

  @Test func aMarkOutsideOfTheRangeIsNotDrawn() {
    var chart = chart([(0, 0.1), (10, 0.2)])
    chart.marks = [
      Chart.Mark(at: Timestamp(unixSeconds: 50), kind: .change, text: "inside"),
      Chart.Mark(at: Timestamp(unixSeconds: 500), kind: .change, text: "outside"),
    ]
    let svg = chart.drawing(labelledBy: "says").text
    #expect(svg.contains("inside") && !svg.contains("outside"))
  }

  @Test func timesAndMoneyReadLikeWords() {
    #expect(Words.span(.seconds(119)) == "119 s")
    #expect(Words.span(.seconds(3_900)) == "65 min")
    #expect(Words.span(.seconds(11_100)) == "3 h 5 min")
    #expect(Words.span(.seconds(200_000)) == "2 d 7 h")
    #expect(Words.dollars(Nanodollars(38_200_000_000)) == "$38.20")
    #expect(Words.dollars(Nanodollars(2_163_900)) == "$0.00216")
    #expect(Words.change(from: 100, to: 158) == "+58 % against")
    #expect(Words.change(from: 100, to: 88) == "−12 % against")
    #expect(Words.change(from: 0, to: 88) == nil)
  }
}
