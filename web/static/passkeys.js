// Asks the device for a passkey and sends what it answers as an ordinary form. Without this file the pages say what to do.

const TROUBLE = {
  NotAllowedError: "Enheden sagde nej, eller det tog for lang tid. Prøv igen.",
  InvalidStateError: "Denne enhed har allerede en adgangsnøgle til Én indgang.",
  SecurityError: "Adgangsnøgler virker ikke på denne adresse.",
};
const FAILED = "Det lykkedes ikke. Prøv igen, eller log ind på en anden måde.";
const NOT_HERE = "Denne browser kan ikke bruge adgangsnøgler. Prøv en nyere browser.";

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));

function text(buffer) {
  const signs = [...new Uint8Array(buffer)].map((byte) => String.fromCharCode(byte)).join("");
  return btoa(signs).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const readable = (keys) => (keys || []).map((key) => ({ ...key, id: bytes(key.id) }));

async function made(options) {
  const answer = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: readable(options.excludeCredentials),
    },
  });
  return told(answer, { attestationObject: text(answer.response.attestationObject) });
}

async function used(options) {
  const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: readable(options.allowCredentials) };
  const answer = await navigator.credentials.get({ publicKey });
  const { authenticatorData, signature, userHandle } = answer.response;
  return told(answer, {
    authenticatorData: text(authenticatorData),
    signature: text(signature),
    userHandle: userHandle ? text(userHandle) : null,
  });
}

const told = (answer, response) =>
  JSON.stringify({
    id: answer.id,
    rawId: text(answer.rawId),
    type: answer.type,
    clientExtensionResults: {},
    response: { ...response, clientDataJSON: text(answer.response.clientDataJSON) },
  });

async function ask(form) {
  if (!window.PublicKeyCredential) throw new TypeError(NOT_HERE);
  if (form.dataset.passkey === "add") return made(JSON.parse(form.dataset.options));
  const response = await fetch(form.dataset.ask, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(FAILED);
  const { options, sealed } = await response.json();
  form.elements.sealed.value = sealed;
  return used(options);
}

function free(form) {
  // app.js holds a form that was sent.
  delete form.dataset.sent;
  form.removeAttribute("aria-busy");
  form.querySelector("button").removeAttribute("aria-disabled");
}

for (const form of document.querySelectorAll("[data-passkey]")) {
  const trouble = form.querySelector("[data-passkey-trouble]");
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble.hidden = true;
    try {
      form.elements.credential.value = await ask(form);
      form.submit();
    } catch (error) {
      trouble.textContent = TROUBLE[error.name] || (error.message === NOT_HERE ? NOT_HERE : FAILED);
      trouble.hidden = false;
      free(form);
    }
  });
  // Whoever presses before anybody listens would send a form without a key in it.
  button.disabled = false;
  if (button.autofocus) button.focus();
}
