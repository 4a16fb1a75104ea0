// The tables of the telemetry file. A migration that has shipped is never edited; the next change is a new one.

import GRDB
import LLMTelemetry

enum TelemetrySchema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { db in
      try db.execute(
        sql: """
          CREATE TABLE series (
            id INTEGER PRIMARY KEY,
            metric TEXT NOT NULL,
            tags TEXT NOT NULL,
            UNIQUE (metric, tags)
          );
          CREATE TABLE points (
            series INTEGER NOT NULL,
            start INTEGER NOT NULL,
            count INTEGER,
            sketch BLOB,
            PRIMARY KEY (series, start)
          ) WITHOUT ROWID;
          CREATE INDEX points_by_start ON points (start);
          CREATE TABLE spans (
            sequence INTEGER PRIMARY KEY,
            trace_high INTEGER NOT NULL,
            trace_low INTEGER NOT NULL,
            span INTEGER NOT NULL,
            parent INTEGER,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            start INTEGER NOT NULL,
            duration INTEGER NOT NULL,
            time_to_first_token INTEGER,
            longest_gap INTEGER,
            is_streaming INTEGER NOT NULL,
            service TEXT,
            env TEXT,
            version TEXT,
            provider TEXT,
            model TEXT,
            route TEXT,
            tenant TEXT,
            feature TEXT,
            prompt TEXT,
            prompt_version TEXT,
            region TEXT,
            response_model TEXT,
            error_class TEXT,
            error_message TEXT,
            finish_reason TEXT,
            http_status INTEGER,
            input_tokens INTEGER,
            cache_read_tokens INTEGER,
            cache_write_tokens INTEGER,
            output_tokens INTEGER,
            reasoning_tokens INTEGER,
            cost_nanodollars INTEGER,
            cost_exactness TEXT NOT NULL,
            price_version TEXT,
            attempts INTEGER NOT NULL,
            fallback_from TEXT,
            ungrounded REAL,
            document_count INTEGER,
            top_score REAL,
            request_body BLOB,
            response_text TEXT,
            accounts_for_exchange INTEGER NOT NULL
          );
          CREATE INDEX spans_by_start ON spans (start);
          CREATE INDEX spans_by_trace ON spans (trace_low);
          """)
    }
    // An index by trace dirties a page for nearly every span, since trace ids are random; blocks of them are only appended to.
    migrator.registerMigration("2") { db in
      try db.execute(
        sql: """
          ALTER TABLE spans ADD COLUMN cache_write_hour_tokens INTEGER;
          ALTER TABLE spans ADD COLUMN input_audio_tokens INTEGER;
          ALTER TABLE spans ADD COLUMN input_image_tokens INTEGER;
          ALTER TABLE spans ADD COLUMN output_audio_tokens INTEGER;
          ALTER TABLE spans ADD COLUMN output_image_tokens INTEGER;
          ALTER TABLE spans ADD COLUMN usage_estimated INTEGER;
          ALTER TABLE spans ADD COLUMN service_tier TEXT;
          ALTER TABLE spans ADD COLUMN virtual_key TEXT;
          CREATE TABLE trace_blocks (
            id INTEGER PRIMARY KEY,
            first INTEGER NOT NULL,
            last INTEGER NOT NULL,
            traces BLOB NOT NULL
          );
          DROP INDEX spans_by_trace;
          """)
      try TraceBlocks.build(db)
    }
    // Content has a table of its own: it is forgotten sooner than the spans are, and lists of spans do not read past it.
    migrator.registerMigration("3") { db in
      let scorers = RiskScorer.allCases.filter { $0 != .ungrounded }
      for scorer in scorers { try db.execute(sql: "ALTER TABLE spans ADD COLUMN \(scorer.rawValue) REAL") }
      try db.execute(
        sql: """
          ALTER TABLE spans ADD COLUMN session TEXT;
          CREATE TABLE contents (
            sequence INTEGER PRIMARY KEY,
            start INTEGER NOT NULL,
            input TEXT NOT NULL,
            response TEXT NOT NULL,
            documents TEXT
          );
          CREATE INDEX contents_by_start ON contents (start);
          INSERT INTO contents (sequence, start, input, response)
            SELECT sequence, start, json_array(json_object('role', 'user', 'text', CAST(request_body AS TEXT))),
              coalesce(response_text, '')
            FROM spans WHERE request_body IS NOT NULL;
          UPDATE spans SET request_body = NULL, response_text = NULL WHERE request_body IS NOT NULL;
          """)
    }
    migrator.registerMigration("4") { db in try db.execute(sql: "ALTER TABLE spans ADD COLUMN override TEXT") }
    // A checkpoint that is overwritten: what the watch for population shifts has learned.
    migrator.registerMigration("shift streams") { db in
      try db.execute(
        sql: "CREATE TABLE shift_streams (stream TEXT PRIMARY KEY, state TEXT NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID")
    }
    migrator.registerMigration("judge") { db in
      try db.execute(
        sql: """
          ALTER TABLE spans ADD COLUMN of_judge INTEGER;
          CREATE TABLE judge_verdicts (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            trace TEXT NOT NULL,
            span TEXT NOT NULL,
            scorer TEXT NOT NULL,
            judge TEXT NOT NULL,
            score REAL NOT NULL,
            judge_score REAL NOT NULL,
            reason TEXT NOT NULL
          );
          CREATE INDEX judge_verdicts_by_time ON judge_verdicts (at);
          """)
    }
    // The spans that are stored already are summed up once, so that the sums begin complete. The limit is that of 2026.
    migrator.registerMigration("cost hours") { db in
      let names = ["tenant", "feature", "route", "prompt", "prompt_version", "model"]
      let values = names.map { "COALESCE(\($0), '')" }.joined(separator: ", ")
      let columns = names.joined(separator: ", ")
      let exchanges = "FROM spans WHERE kind IN ('llm', 'embedding') AND accounts_for_exchange"
      func tokens(_ columns: [String]) -> String {
        "SUM(\(columns.map { "COALESCE(\($0)_tokens, 0)" }.joined(separator: " + ")))"
      }
      func money(_ exactness: String) -> String {
        "COALESCE(SUM(CASE cost_exactness WHEN '\(exactness)' THEN cost_nanodollars END), 0)"
      }
      try db.execute(
        sql: """
          CREATE TABLE cost_subjects (
            id INTEGER PRIMARY KEY,
            \(names.map { "\($0) TEXT NOT NULL" }.joined(separator: ",\n  ")),
            UNIQUE (\(columns))
          );
          CREATE TABLE cost_hours (
            start INTEGER NOT NULL,
            subject INTEGER NOT NULL,
            requests INTEGER NOT NULL,
            unknown_requests INTEGER NOT NULL,
            input_tokens INTEGER NOT NULL,
            output_tokens INTEGER NOT NULL,
            exact INTEGER NOT NULL,
            partial INTEGER NOT NULL,
            estimated INTEGER NOT NULL,
            PRIMARY KEY (start, subject)
          ) WITHOUT ROWID;
          INSERT INTO cost_subjects (id, \(columns)) VALUES (0, 'other', 'other', 'other', 'other', 'other', 'other');
          INSERT OR IGNORE INTO cost_subjects (\(columns)) SELECT DISTINCT \(values) \(exchanges) LIMIT 5000;
          INSERT INTO cost_hours
            SELECT hour, COALESCE(id, 0), SUM(requests), SUM(unknown), SUM(input), SUM(output), SUM(exact), SUM(partial), SUM(estimated)
            FROM (
              SELECT start / 3600000000000 * 3600000000000 AS hour, \(names.map { "COALESCE(\($0), '') AS \($0)" }.joined(separator: ", ")),
                COUNT(*) AS requests, SUM(cost_exactness = 'unknown') AS unknown,
                \(tokens(["input", "cache_read", "cache_write", "cache_write_hour", "input_audio", "input_image"])) AS input,
                \(tokens(["output", "reasoning", "output_audio", "output_image"])) AS output,
                \(money("exact")) AS exact, \(money("partial")) AS partial, \(money("estimated")) AS estimated
              \(exchanges) GROUP BY 1, 2, 3, 4, 5, 6, 7
            ) LEFT JOIN cost_subjects USING (\(columns))
            GROUP BY 1, 2;
          """)
    }
    return migrator
  }
}
