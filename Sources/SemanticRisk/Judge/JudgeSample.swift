// Which answers a judge looks at: a share of the traces, the same ones whoever asks and however often.

import LLMTelemetry

package struct JudgeSample: Hashable, Sendable {
  /// Above 0, at most 1.
  package let share: Double

  package init(share: Double) { self.share = share }

  /// By the trace alone, so that the steps of one conversation with a user are judged together, and a restart changes nothing. The bits
  /// are mixed first (the finaliser of MurmurHash3): tracers sample by the same id, and a judge that saw only what they keep would be
  /// no fair sample of what they do not.
  package func holds(_ trace: TraceID) -> Bool {
    var bits = trace.low ^ (trace.high &* 0x9e37_79b9_7f4a_7c15)
    bits = (bits ^ (bits >> 33)) &* 0xff51_afd7_ed55_8ccd
    bits = (bits ^ (bits >> 33)) &* 0xc4ce_b9fe_1a85_ec53
    bits ^= bits >> 33
    return Double(bits >> 11) * 0x1p-53 < share
  }
}
