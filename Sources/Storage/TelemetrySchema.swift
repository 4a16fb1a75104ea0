// The tables of the telemetry file. A migration that has shipped is never edited; the next change is a new one.

import GRDB

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
            \(SpanRow.columns.map { "\($0.name) \($0.declaration)" }.joined(separator: ",\n  "))
          );
          CREATE INDEX spans_by_start ON spans (start);
          CREATE INDEX spans_by_trace ON spans (trace_low);
          """)
    }
    return migrator
  }
}
