// swift-tools-version: 6.2
// The targets of LLM Incident Commander in the order data flows; ARCHITECTURE.md says what each one owns and why each
// dependency is here.
import PackageDescription

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTesting: Target.Dependency = .product(name: "HummingbirdTesting", package: "hummingbird")
let jwtKit: Target.Dependency = .product(name: "JWTKit", package: "jwt-kit")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let inMemoryTracing: Target.Dependency = .product(name: "InMemoryTracing", package: "swift-distributed-tracing")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let metricsTestKit: Target.Dependency = .product(name: "MetricsTestKit", package: "swift-metrics")
let tracing: Target.Dependency = .product(name: "Tracing", package: "swift-distributed-tracing")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

let package = Package(
  name: "llm-incident-commander",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "LLMTelemetry", targets: ["LLMTelemetry"]),
    .library(name: "LLMInstrumentation", targets: ["LLMInstrumentation"]),
    .library(name: "DatadogInstrumentation", targets: ["DatadogInstrumentation"]),
    .executable(name: "commander", targets: ["commander"]),
    .executable(name: "rag-service", targets: ["rag-service"]),
    .executable(name: "gateway-bench", targets: ["gateway-bench"]),
    .executable(name: "pipeline-bench", targets: ["pipeline-bench"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", exact: "1.7.3"),
    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    .package(url: "https://github.com/vapor/jwt-kit", exact: "5.7.1"),
  ],
  targets: [
    .target(name: "LLMTelemetry"),
    .target(name: "StrictYAML", dependencies: [yams]),
    .target(name: "ServiceStart", dependencies: ["StrictYAML", nioCore, nioPosix]),
    .target(name: "Providers", dependencies: ["LLMTelemetry"]),
    .target(name: "Pricing", dependencies: ["LLMTelemetry", "StrictYAML"]),
    .target(name: "Redaction", dependencies: ["LLMTelemetry"]),
    .target(name: "SemanticRisk", dependencies: ["LLMTelemetry"]),
    .target(name: "Budgets", dependencies: ["LLMTelemetry"]),
    .target(
      name: "Gateway",
      dependencies: ["LLMTelemetry", "Providers", "Pricing", "Budgets", crypto, nioCore, nioPosix, nioSSL]),
    .target(name: "GoogleCredentials", dependencies: ["LLMTelemetry", asyncHTTPClient, jwtKit, logging, nioCore, nioHTTP1]),
    .target(name: "LLMMetrics", dependencies: ["LLMTelemetry"]),
    .target(name: "Delivery"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "Compression", dependencies: ["CZlib"]),
    .target(name: "OpenTelemetry", dependencies: ["LLMTelemetry", "LLMMetrics", "Providers", "Delivery", "Compression"]),
    .target(
      name: "LLMInstrumentation",
      dependencies: [
        "LLMTelemetry", "LLMMetrics", "Delivery", "Redaction", asyncHTTPClient, logging, metrics, nioCore, serviceLifecycle,
        tracing,
      ]),
    .target(name: "Ingest", dependencies: ["LLMTelemetry", "LLMMetrics", "Pricing", "Redaction", "SemanticRisk"]),
    .target(name: "Detection", dependencies: ["LLMTelemetry"]),
    .target(name: "Monitors", dependencies: ["LLMTelemetry", "LLMMetrics"]),
    .target(name: "Incidents", dependencies: ["LLMTelemetry", "LLMMetrics", "Monitors"]),
    .target(name: "Remediation", dependencies: ["LLMTelemetry", "LLMMetrics", "Monitors", "Incidents"]),
    .target(name: "Storage", dependencies: ["LLMTelemetry", "Pricing", "LLMMetrics", "Budgets", "Remediation", grdb]),
    .target(name: "Datadog", dependencies: ["LLMTelemetry", "LLMMetrics", "Monitors", "Delivery"]),
    .target(
      name: "DatadogInstrumentation",
      dependencies: ["LLMTelemetry", "LLMMetrics", "LLMInstrumentation", "Delivery", "Redaction", "Datadog", logging]),
    .target(
      name: "Notifications",
      dependencies: [
        "LLMTelemetry", "Monitors", "Incidents", "Remediation", crypto, logging, nioCore, nioHTTP1, nioPosix, nioSSL, nioTLS,
      ]),
    .target(
      name: "Console",
      dependencies: [
        "LLMTelemetry", "Pricing", "LLMMetrics", "Budgets", "Monitors", "Incidents", "Remediation", "Storage", crypto, httpTypes,
        hummingbird,
        logging,
      ]),
    .target(name: "Simulation", dependencies: [hummingbird, logging]),
    .target(
      name: "RAGService",
      dependencies: [
        "LLMTelemetry", "LLMMetrics", "LLMInstrumentation", "DatadogInstrumentation", "Providers", "Pricing", "SemanticRisk",
        "GoogleCredentials", "ServiceStart", "StrictYAML", asyncHTTPClient, crypto, grdb, hummingbird, logging, nioCore, nioHTTP1,
        serviceLifecycle,
      ]),
    .target(
      name: "Commander",
      dependencies: [
        "LLMTelemetry", "StrictYAML", "ServiceStart", "Providers", "Pricing", "Budgets", "Gateway", "GoogleCredentials",
        "LLMMetrics",
        "Redaction",
        "SemanticRisk",
        "Ingest", "Detection", "Monitors", "Incidents", "Remediation", "Storage", "Delivery", "Compression", "Datadog",
        "OpenTelemetry", "Notifications", "Console", "Simulation",
        argumentParser,
        asyncHTTPClient, crypto, httpTypes, hummingbird, logging, nioCore, nioHTTP1, nioPosix, nioSSL, serviceLifecycle,
        unixSignals,
      ]),
    .executableTarget(name: "commander", dependencies: ["Commander"]),
    // The ruler of `make bench`: an upstream, a load generator and a metric receiver; no product.
    .executableTarget(name: "gateway-bench", dependencies: [nioCore, nioPosix], path: "Sources/GatewayBench"),
    // The ruler of the telemetry pipeline: what a span costs in each stage and sink; no product.
    .executableTarget(
      name: "pipeline-bench",
      dependencies: [
        "LLMTelemetry", "LLMMetrics", "Pricing", "Providers", "Redaction", "Ingest", "Storage", "Delivery", "Datadog",
        "OpenTelemetry",
      ],
      path: "Sources/PipelineBench"),
    .executableTarget(name: "rag-service", dependencies: ["RAGService", "ServiceStart", argumentParser, logging]),
    // The example of docs/swift-sdk.md, which a test runs.
    .executableTarget(
      name: "instrumented-app", dependencies: ["LLMInstrumentation", tracing], path: "Examples/InstrumentedApp"),
    .executableTarget(name: "datadog-app", dependencies: ["DatadogInstrumentation"], path: "Examples/DatadogApp"),
    .testTarget(
      name: "LLMInstrumentationTests",
      dependencies: [
        "LLMTelemetry", "LLMMetrics", "Delivery", "LLMInstrumentation", httpTypes, hummingbird, hummingbirdTesting,
        inMemoryTracing,
        logging, metrics, metricsTestKit, tracing, "instrumented-app",
      ]),
    .testTarget(name: "LLMTelemetryTests", dependencies: ["LLMTelemetry"]),
    .target(name: "TestSeries", dependencies: ["LLMMetrics", "LLMTelemetry"], path: "Tests/TestSeries"),
    .testTarget(name: "StrictYAMLTests", dependencies: ["StrictYAML"]),
    .testTarget(name: "ProvidersTests", dependencies: ["LLMTelemetry", "Providers", "TestSeries"]),
    .testTarget(name: "BudgetsTests", dependencies: ["TestSeries", "LLMTelemetry", "Budgets"]),
    .testTarget(
      name: "GatewayTests",
      dependencies: [
        "LLMTelemetry", "Providers", "Pricing", "Budgets", "Gateway", "Simulation", hummingbird, logging, nioCore, nioPosix,
        nioSSL,
      ]),
    .testTarget(name: "GatewayBenchTests", dependencies: ["gateway-bench"]),
    .testTarget(
      name: "GoogleCredentialsTests",
      dependencies: [
        "GoogleCredentials", "LLMTelemetry", asyncHTTPClient, httpTypes, hummingbird, jwtKit, logging, nioCore,
      ]),
    .testTarget(name: "PricingTests", dependencies: ["LLMTelemetry", "Pricing", "StrictYAML"]),
    .testTarget(name: "LLMMetricsTests", dependencies: ["LLMTelemetry", "LLMMetrics"]),
    .testTarget(name: "DeliveryTests", dependencies: ["Delivery"]),
    .testTarget(name: "CompressionTests", dependencies: ["Compression"]),
    .testTarget(
      name: "OpenTelemetryTests",
      dependencies: ["TestSeries", "LLMTelemetry", "LLMMetrics", "Providers", "Delivery", "Compression", "OpenTelemetry"]),
    .testTarget(
      name: "IngestTests",
      dependencies: [
        "LLMTelemetry", "LLMMetrics", "Pricing", "Providers", "Redaction", "SemanticRisk", "Ingest", "Storage", "Datadog",
      ]),
    .testTarget(name: "SemanticRiskTests", dependencies: ["LLMTelemetry", "SemanticRisk"]),
    .testTarget(name: "DetectionTests", dependencies: ["LLMTelemetry", "Detection", "Compression"]),
    .testTarget(name: "RedactionTests", dependencies: ["LLMTelemetry", "Redaction"]),
    .testTarget(name: "MonitorsTests", dependencies: ["TestSeries", "LLMTelemetry", "LLMMetrics", "Monitors"]),
    .testTarget(
      name: "IncidentsTests", dependencies: ["TestSeries", "LLMTelemetry", "LLMMetrics", "Monitors", "Incidents", "Remediation"]),
    .testTarget(
      name: "StorageTests",
      dependencies: [
        "LLMTelemetry", "Pricing", "LLMMetrics", "Budgets", "Monitors", "Incidents", "Remediation", "Storage", grdb,
      ]),
    .testTarget(
      name: "DatadogTests",
      dependencies: ["TestSeries", "LLMTelemetry", "LLMMetrics", "Monitors", "Delivery", "Datadog", nioCore, nioPosix]),
    .testTarget(
      name: "DatadogInstrumentationTests",
      dependencies: ["LLMTelemetry", "LLMInstrumentation", "Delivery", "Datadog", "DatadogInstrumentation", logging]),
    .testTarget(
      name: "NotificationsTests",
      dependencies: [
        "LLMTelemetry", "Monitors", "Incidents", "Remediation", "Notifications", crypto, httpTypes, hummingbird, logging, nioCore,
        nioPosix,
      ]),
    .testTarget(
      name: "ConsoleTests",
      dependencies: [
        "LLMTelemetry", "Pricing", "LLMMetrics", "Budgets", "Monitors", "Incidents", "Remediation", "Storage", "Console",
        hummingbird,
        hummingbirdTesting, logging,
      ]),
    .testTarget(name: "SimulationTests", dependencies: ["LLMTelemetry", "Simulation", hummingbird, hummingbirdTesting]),
    .testTarget(
      name: "RAGServiceTests",
      dependencies: [
        "LLMTelemetry", "LLMInstrumentation", "DatadogInstrumentation", "Pricing", "RAGService", "Simulation", "StrictYAML",
        asyncHTTPClient, httpTypes, hummingbird, hummingbirdTesting, logging,
      ]),
    .testTarget(
      name: "CommanderTests",
      dependencies: [
        "LLMTelemetry", nioCore, nioHTTP1, nioPosix, serviceLifecycle, "Providers", "Pricing", "Budgets", "Gateway",
        "GoogleCredentials", "LLMMetrics", "Ingest", "Monitors", "Console",
        "Incidents", "Remediation", "Storage", "Simulation", "Commander", "Notifications", "Detection", "Datadog", "SemanticRisk",
        "TestSeries",
        asyncHTTPClient, crypto, httpTypes, hummingbird, logging, "StrictYAML",
      ]),
    .testTarget(
      name: "ConformanceTests",
      dependencies: [
        "TestSeries", "LLMTelemetry", crypto, nioHTTP1, serviceLifecycle, "LLMMetrics", "Storage", "Delivery", "Compression",
        "Datadog",
        "DatadogInstrumentation", "datadog-app", "OpenTelemetry", "Gateway", "Simulation",
        "Commander", asyncHTTPClient, hummingbird, logging, nioCore, nioPosix,
      ]),
  ],
  swiftLanguageModes: [.v6]
)
