// The steps of plugins/json in JavaScript: the same names, the same answers.
//
// The component exports the object `step`, whose functions are those of sdk/wit/step/step.wit. Payloads are JSON in
// UTF-8; an exception with `payload` is the `failure` of the contract, any other is a fault of the plugin.

const catalog = {
  plugin: { id: 'json-javascript', name: 'JSON in JavaScript', version: '0.1.0', description: 'Reads and merges JSON.' },
  steps: [
    {
      name: 'json-get',
      title: 'Get value',
      description: 'Takes the value at a place out of JSON.',
      category: 'data',
      icon: 'Crosshair',
      version: '1.0.0',
      parameters: {
        type: 'object',
        required: ['pointer'],
        properties: { pointer: { type: 'string', title: 'Pointer' }, default: { title: 'Default' } },
      },
      inputs: [{ name: 'value', type: 'any', required: true }],
      outputs: [{ name: 'value', type: 'any' }],
      exec: ['found', 'absent'],
    },
    {
      name: 'json-merge',
      title: 'Merge',
      description: 'Lays one value over another: members are added or replaced, null removes one.',
      category: 'data',
      icon: 'Combine',
      version: '1.0.0',
      parameters: {
        type: 'object',
        properties: { lists: { type: 'string', title: 'Lists', enum: ['replace', 'append'], default: 'replace' } },
      },
      inputs: [{ name: 'base', type: 'any', default: {} }, { name: 'over', type: 'any', required: true }],
      outputs: [{ name: 'value', type: 'any' }],
    },
  ],
};

const steps = { 'json-get': get, 'json-merge': merge };

export const step = {
  listSteps: () => encode(catalog),

  run(request) {
    const { step, parameters = {}, inputs = {} } = parse(request);
    if (!Object.hasOwn(steps, step)) {
      throw failure('step.unknown', `this plugin has no step ${JSON.stringify(step)}`);
    }
    return encode(steps[step](parameters, inputs));
  },
};

function encode(value) {
  return new TextEncoder().encode(JSON.stringify(value));
}

function decode(bytes) {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
}

function parse(request) {
  let value;
  try {
    value = decode(request);
  } catch (error) {
    throw failure('request.invalid', error.message);
  }
  if (!isObject(value) || typeof value.step !== 'string') {
    throw failure('request.invalid', 'it is not a request to run a step');
  }
  return value;
}

function failure(code, message) {
  return Object.assign(new Error(message), { payload: { code, message } });
}

function refused(code, message, field) {
  return { error: { code, message, field } };
}

function get({ pointer, default: otherwise = null }, { value }) {
  if (typeof pointer !== 'string') {
    return refused('parameters.invalid', 'pointer is missing', 'parameters.pointer');
  }
  if (pointer !== '' && !pointer.startsWith('/')) {
    return refused('pointer.invalid', 'a JSON Pointer begins with a slash', 'parameters.pointer');
  }
  const found = at(value ?? null, pointer);
  return found == null
    ? { outputs: { value: otherwise }, exit: 'absent' }
    : { outputs: { value: found }, exit: 'found' };
}

// JSON Pointer (RFC 6901).
function at(value, pointer) {
  const keys = pointer.split('/').slice(1).map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return keys.reduce((inner, key) => {
    if (Array.isArray(inner)) {
      return /^(0|[1-9][0-9]*)$/.test(key) ? inner[key] : undefined;
    }
    return isObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined;
  }, value);
}

function merge({ lists }, inputs) {
  const chosen = lists ?? 'replace';
  if (chosen !== 'replace' && chosen !== 'append') {
    const message = `lists: unknown variant \`${chosen}\`, expected \`replace\` or \`append\``;
    return refused('parameters.invalid', message, 'parameters.lists');
  }
  if (inputs.over === undefined) {
    return refused('over.missing', 'nothing flows in at over', 'inputs.over');
  }
  return { outputs: { value: laid(inputs.base ?? {}, inputs.over, chosen === 'append') } };
}

// JSON merge patch (RFC 7396); lists as chosen.
function laid(base, over, append) {
  if (append && Array.isArray(base) && Array.isArray(over)) {
    return [...base, ...over];
  }
  if (!isObject(over)) {
    return over;
  }
  // A map, because an object would sort members that look like numbers and give `__proto__` a meaning.
  const members = new Map(isObject(base) ? Object.entries(base) : []);
  for (const [key, value] of Object.entries(over)) {
    if (value === null) {
      members.delete(key);
    } else {
      members.set(key, laid(members.get(key) ?? null, value, append));
    }
  }
  return Object.fromEntries(members);
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
