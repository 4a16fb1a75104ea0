// With which organisation the commands speak, by which keys, and what they remember of it.

import ArgumentParser
import AsyncHTTPClient
import Datadog
import Delivery
import Foundation
import Monitors
import NIOCore
import StrictYAML

struct DatadogAccountOptions: ParsableArguments {
  @Option(help: "The Datadog site. Default: DD_SITE, the configuration's, or datadoghq.com.")
  var site: String?
  @Option(help: "A file that holds the API key, instead of DD_API_KEY.", completion: .file())
  var apiKeyFile: String?
  @Option(help: "A file that holds the application key, instead of DD_APP_KEY.", completion: .file())
  var appKeyFile: String?
  @Option(help: "Where is remembered what was applied. It holds no keys; keep it where the next apply finds it.")
  var stateFile = "datadog.state.jsonl"

  /// - Parameter configuration: a file whose `datadog` section may name the site and say where the keys are.
  func account(_ configuration: String?) throws -> DatadogAccount {
    var environment = ProcessInfo.processInfo.environment
    for (name, path) in [("DD_API_KEY", apiKeyFile), ("DD_APP_KEY", appKeyFile)] {
      guard let path else { continue }
      guard let data = FileManager.default.contents(atPath: path) else {
        throw ValidationError("\(path): no such file, or not readable; write the key in it")
      }
      environment[name] = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
    if let path = configuration, Self.hasSection(path) {
      do {
        let configured = try CommanderConfiguration.load(path: path, secrets: .datadog).datadog
        if environment["DD_API_KEY"]?.isEmpty != false { environment["DD_API_KEY"] = configured.apiKey }
        let hasKey = ["DD_APP_KEY", "DD_APPLICATION_KEY"].contains { environment[$0]?.isEmpty == false }
        if !hasKey { environment["DD_APP_KEY"] = configured.applicationKey }
        if environment["DD_SITE"]?.isEmpty != false { environment["DD_SITE"] = configured.site }
      } catch {
        throw ConfigurationOption.refusal(error)
      }
    }
    do { return try DatadogAccount(environment: environment, site: site) } catch {
      Say.message(error.description)
      throw Exit.notPermitted
    }
  }

  /// A pack has no accounts.
  private static func hasSection(_ path: String) -> Bool {
    guard let data = FileManager.default.contents(atPath: path) else { return true }
    return YAMLValue.parse(String(decoding: data, as: UTF8.self), file: path, problems: ProblemList())?.hasMember("datadog")
      == true
  }

  func connection(_ configuration: String?) throws -> DatadogConnection {
    let account = try account(configuration)
    // A client tries a name that is none again and again; a person who mistyped it need not wait for that.
    if let host = account.host, !HostName.resolves(host) {
      Say.message(
        """
        \(host): no such host, or no network; DD_SITE or --site is one of \(DatadogAccount.knownSites.joined(separator: ", "))\
        \(NearestName.hint(for: account.site, in: DatadogAccount.knownSites))
        """)
      throw Exit.unreachable
    }
    return DatadogConnection(
      account: account,
      onPause: { seconds, reason in
        if seconds >= 2 { Say.message("waiting \(Int(seconds.rounded(.up))) s: \(reason)") }
      }, send: DatadogCommandHTTP.send)
  }

  var file: ApplyStateFile { ApplyStateFile(path: stateFile) }

  /// What is said of an error, and the code it ends with.
  static func refusal(_ error: any Error) -> any Error {
    if error is ExitCode || error is ValidationError { return error }
    Say.message("\(error)")
    switch (error as? DatadogFailure)?.reason {
    case .keys?: return Exit.notPermitted
    case .unknown?, .limited?: return Exit.unreachable
    default: return Exit.failed
    }
  }
}

enum DatadogFolder {
  /// Before anything is asked of Datadog.
  static func check(_ path: String) throws {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue {
      Say.message("\(path): is a file; name a folder")
      throw Exit.failed
    }
  }
}

enum HostName {
  /// Whether the system finds an address for it; waits as long as the system does.
  static func resolves(_ host: String) -> Bool {
    var found: UnsafeMutablePointer<addrinfo>?
    defer { freeaddrinfo(found) }
    return getaddrinfo(host, nil, nil, &found) == 0
  }
}

/// The HTTP client's part: lists are long, and so may be an answer.
enum DatadogCommandHTTP {
  /// A page of 500 monitors has about a megabyte.
  private static let answerLimit = 128 << 20

  static let send = DeliveryDeadline.bounded(within: .seconds(60)) { outgoing in
    var request = HTTPClientRequest(url: outgoing.url)
    request.method = .RAW(value: outgoing.method)
    for (name, value) in outgoing.headers { request.headers.add(name: name, value: value) }
    if !outgoing.body.isEmpty { request.body = .bytes(outgoing.body) }
    do {
      let response = try await TelemetryClient.client.execute(request, timeout: .seconds(60))
      let body = try await response.body.collect(upTo: answerLimit)
      return DeliveryResponse(
        status: Int(response.status.code), headers: response.headers.map { (name: $0.name, value: $0.value) },
        body: Array(body.readableBytesView))
    } catch {
      // An error's own text may hold an address.
      throw DeliveryFailure("no answer: \(type(of: error))")
    }
  }
}
