// What scripts say stands in the page, in the language of its reader: the attribute data-say-not-reached of an element is
// its text `notReached`. What stands in braces there is a value.

/** The text of this name of an element, with its values put in. */
export function text(element, name, values = {}) {
  const written = element.dataset[`say${name[0].toUpperCase()}${name.slice(1)}`];
  return written.replace(/\{(\w+)\}/g, (whole, value) => values[value] ?? whole);
}
