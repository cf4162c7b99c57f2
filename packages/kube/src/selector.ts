// Whether labels match a label selector, as the API server reads it.

type Test = (labels: Readonly<Record<string, string>>) => boolean;

const SET = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/;
const EQUALITY = /^([^!=\s]+)\s*(!=|==|=)\s*(\S*)$/;
// A comma inside brackets separates values, not requirements.
const BETWEEN_REQUIREMENTS = /,(?![^(]*\))/;

function testOf(requirement: string): Test {
  const [, setKey, how, list] = SET.exec(requirement) ?? [];
  if (setKey !== undefined && list !== undefined) {
    const values = new Set(list.split(',').map((value) => value.trim()));
    const isIn: Test = ({ [setKey]: value }) => value !== undefined && values.has(value);
    return how === 'in' ? isIn : (labels) => !isIn(labels);
  }
  const [, key, operator, wanted] = EQUALITY.exec(requirement) ?? [];
  if (key !== undefined) {
    const equals: Test = ({ [key]: value }) => value === wanted;
    return operator === '!=' ? (labels) => !equals(labels) : equals;
  }
  if (requirement.startsWith('!')) {
    const absent = requirement.slice(1).trim();
    return (labels) => !Object.hasOwn(labels, absent);
  }
  return (labels) => Object.hasOwn(labels, requirement);
}

/** Matches everything when the selector is empty. */
export function labelTest(selector: string): Test {
  const tests = selector
    .split(BETWEEN_REQUIREMENTS)
    .map((requirement) => requirement.trim())
    .filter((requirement) => requirement !== '')
    .map(testOf);
  return (labels) => tests.every((test) => test(labels));
}
