// Classes of which a process may have more than one copy: a plugin loads the plain build while the engine runs from a bundle. A
// class goes in; from then on `instanceof` knows the objects of every copy of it.

type AnyClass = abstract new (...parts: never) => object

export function branded(type: AnyClass, name: string): void {
  const mark = Symbol.for(`claw-engine.${name}`)
  const byPrototype = Function.prototype[Symbol.hasInstance]
  Object.defineProperty(type.prototype, mark, { value: true })
  Object.defineProperty(type, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      // A class made from it goes by its prototype, as ever.
      if (this !== type) return byPrototype.call(this, value)
      return typeof value === 'object' && value !== null && mark in value
    },
  })
}
