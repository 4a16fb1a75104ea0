"""An application that OpenTelemetry's own instrumentations trace, as its developers would write it; it exports by OTLP/HTTP.

Used by otlp_capture.py, and against the running product:
usage: otlp_application.py OPENAI_BASE_URL GEMINI_BASE_URL KEY OTLP_TRACES_URL none|gzip|deflate
Prints one line of JSON: the trace id of all calls, and how many spans were exported without an error.
"""

import json
import os
import sys

# Read when the instrumentations are imported: the current conventions where there is a choice, with content on spans.
os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "gen_ai_latest_experimental"
os.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "SPAN_ONLY"

import openai
from google import genai
from google.genai import types
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.google_genai import GoogleGenAiSdkInstrumentor
from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult


class Counting(SpanExporter):
    """Counts what the exporter says of each export."""

    def __init__(self, exporter):
        self.exporter = exporter
        self.exported = 0

    def export(self, spans):
        result = self.exporter.export(spans)
        if result == SpanExportResult.SUCCESS:
            self.exported += len(spans)
        return result

    def shutdown(self):
        self.exporter.shutdown()


def run(openai_base_url, gemini_base_url, key, traces_url, compression, chat_model="gpt-4o-mini", gemini_model="gemini-2.5-flash"):
    resource = Resource.create(
        {"service.name": "traced-app", "service.version": "1.2.3", "deployment.environment.name": "test", "tenant.id": "acme"}
    )
    exporter = Counting(OTLPSpanExporter(endpoint=traces_url, compression=Compression(compression), timeout=10))
    provider = TracerProvider(resource=resource)
    # Each span is sent when it ends, so that children come in another request than their parents.
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    OpenAIInstrumentor().instrument(tracer_provider=provider)
    GoogleGenAiSdkInstrumentor().instrument(tracer_provider=provider)
    tracer = trace.get_tracer("application")

    client = openai.OpenAI(base_url=openai_base_url, api_key=key, max_retries=0)
    google = genai.Client(
        api_key=key,
        http_options=types.HttpOptions(base_url=gemini_base_url, retry_options=types.HttpRetryOptions(attempts=1)),
    )
    question = [{"role": "user", "content": "What does the ticket cost?"}]
    with tracer.start_as_current_span("POST /ask", kind=trace.SpanKind.SERVER) as root:
        trace_id = format(root.get_span_context().trace_id, "032x")
        with tracer.start_as_current_span("read the database"):
            pass
        with tracer.start_as_current_span("answer"):
            client.chat.completions.create(model=chat_model, messages=question, temperature=0)
            for _ in client.chat.completions.create(
                model=chat_model, messages=question, stream=True, stream_options={"include_usage": True}
            ):
                pass
        client.embeddings.create(model="text-embedding-3-small", input="a ticket")
        try:
            client.chat.completions.create(model="unknown-model", messages=question)
        except openai.APIStatusError:
            pass
        google.models.generate_content(model=gemini_model, contents="What does the ticket cost?")
        for _ in google.models.generate_content_stream(model=gemini_model, contents="What does the ticket cost?"):
            pass
    provider.shutdown()
    return {"trace": trace_id, "exported": exporter.exported}


if __name__ == "__main__":
    print(json.dumps(run(*sys.argv[1:])))
