// Work that may never be asked for is done when it is, and once. That holds for expressions with \p{…} as well: they take half a
// millisecond each to make.

export function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
