// A value of many members that is handed around by reference.

/// An immutable value behind one reference: passing it on costs one count, where the value's own members would each cost
/// theirs. Requests pass routes, providers and targets on several times.
package final class Shared<Value: Sendable>: Sendable {
  package let value: Value
  package init(_ value: Value) { self.value = value }
}
