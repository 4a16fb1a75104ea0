// What rag-service is told at start; `ConfigurationReader` makes it from YAML and the environment.
import StrictYAML

package struct RAGConfiguration: Sendable {
  package var listen: ListenAddress
  /// The folder that is indexed at the start; `nil` serves what the index has.
  package var documents: String?
  package var generation: Generation
  package var embedding: Embedding
  package var index: Index
  package var prompt: Prompt
  package var answering = Answering()
  package var retrieval: Retrieval
  package var splitting = PassageSplitter()
  package var sessions = SessionStore.Limits()
  package var limits = Limits()
  /// What callers must bring who change documents; without it only a service on a loopback address lets them.
  package var documentsKey: String?
  package var telemetry: Telemetry
  /// For questions that name no tenant.
  package var tenant: String
  package var env: String

  /// The model that answers.
  package enum Generation: Sendable {
    case vertex(place: VertexPlace, model: String, credential: CredentialSource)
    case openAI(baseURL: String, model: String, credential: CredentialSource)
  }

  package enum Embedding: Sendable {
    case builtIn
    case vertex(place: VertexPlace, model: String, dimensions: Int?, batchSize: Int?, credential: CredentialSource)
    case openAI(baseURL: String, model: String, dimensions: Int?, batchSize: Int?, credential: CredentialSource)
  }

  package struct Index: Sendable {
    /// The SQLite file; `nil` keeps the index in memory.
    package var path: String?
    package var vectorSearch: RemoteVectors?

    package init(path: String? = nil, vectorSearch: RemoteVectors? = nil) {
      self.path = path
      self.vectorSearch = vectorSearch
    }
  }

  package struct RemoteVectors: Sendable {
    package var place: VertexVectorSearch.Place
    package var credential: CredentialSource
  }

  package struct Prompt: Sendable, Hashable {
    package var name: String
    /// The system instruction; `nil` leaves it to the gateway, which knows the prompt by its name.
    package var text: String?
    /// A version of the managed prompt, whatever the labels say.
    package var version: String?
    /// A label of the managed prompt.
    package var label: String?
  }

  package struct Answering: Sendable {
    package var temperature: Double? = 0.2
    package var maxOutputTokens: Int? = 1024
    package var rewrite = RewriteMode.words
    package var tools = ToolName.allCases
    package var toolRounds = 3
    /// Answers whose ungrounded score reaches this are not given out.
    package var declineAbove: Double?
  }

  package struct Retrieval: Sendable {
    package var candidates = 20
    package var passages = 4
    package var minimumSimilarity: Double
    package var wordWeight = 0.3
    package var injectedPassages = InjectedPassages.keep
  }

  package struct Limits: Sendable {
    /// Questions and changes at a time; the next one is told to come again.
    package var concurrency = 32
    /// For a question, from its arrival to its answer.
    package var timeout: Duration = .seconds(60)
    /// For what is running when the service is asked to end.
    package var drain: Duration = .seconds(20)
  }

  /// Where spans go. Each road is its own key; all that are there are taken.
  package struct Telemetry: Sendable {
    package var commander: Commander?
    package var datadog: Datadog?
    /// Whether prompts, answers and documents are sent along.
    package var capturesContent = false

    package struct Commander: Sendable {
      package var spansURL: String
      package var key: String
    }

    package struct Datadog: Sendable {
      package enum Road: Sendable, Hashable {
        /// The Agent's trace port; without it what the `DD_` variables say.
        case agent(url: String?)
        /// LLM Observability without an Agent.
        case agentless(site: String?, apiKey: String)
      }
      package var road: Road
      package var mlApp: String?
      package var sendsObservability = true
      /// Where DogStatsD listens; `nil` sends no metrics.
      package var dogStatsD: DogStatsD?

      package enum DogStatsD: Sendable, Hashable {
        case address(String)
        /// What the `DD_` variables say, else this host.
        case environment(host: String?)
      }
    }
  }
}
