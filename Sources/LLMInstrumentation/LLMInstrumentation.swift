// What a program sees that imports this module: the tracer, and the record its spans are written in.

@_exported import LLMTelemetry
