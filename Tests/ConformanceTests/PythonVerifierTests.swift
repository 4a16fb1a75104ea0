// The verifier itself: a test that cannot tell a failed client from a passed one proves nothing.
import Testing

@Suite struct PythonVerifierTests {
  @Test(arguments: [PythonVerifier.Environment.sdkCurrent, .sdkPrevious])
  func failedScenarioFailsAndSaysWhy(environment: PythonVerifier.Environment) async throws {
    // Port 1 of the loopback: nothing listens there, so the SDK itself raises.
    let failure = await #expect(throws: PythonVerifier.Failure.self) {
      _ = try await VendorSDK.openAI.run([.complete], in: environment, baseURL: "http://127.0.0.1:1", key: "k")
    }
    #expect(failure?.description.contains("exited with 1") == true)
    #expect(failure?.description.contains("expected an answer, got") == true)
    #expect(failure?.description.contains("APIConnectionError") == true)
  }

  @Test func wrongUsageIsToldApart() async throws {
    let failure = await #expect(throws: PythonVerifier.Failure.self) {
      let verifier = PythonVerifier(environment: .sdkCurrent)
      _ = try await verifier.run("sdk_client.py", ["--sdk", "openai"], decoding: SDKReport.self)
    }
    #expect(failure?.description.contains("exited with 64") == true)
  }
}
