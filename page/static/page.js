// Sends what is dropped, shows what the server answers, and asks how each upload stands.
"use strict";

const REMEMBERED = "headgate.uploads";
const MOST = 20; // uploads that are remembered
const TROUBLE = 503; // which may pass by itself
const PAUSES = [1, 2, 3, 5, 10]; // seconds between two looks at an upload; the last one stays

const drop = document.getElementById("drop");
const find = document.getElementById("find");
const files = document.getElementById("files");

function remembered() {
  return JSON.parse(localStorage.getItem(REMEMBERED) || "[]");
}

function remember(uploads) {
  localStorage.setItem(REMEMBERED, JSON.stringify(uploads.slice(0, MOST)));
}

function forget(key) {
  remember(remembered().filter((upload) => upload.key !== key));
}

function newCard(name) {
  const card = document.getElementById("card").content.firstElementChild.cloneNode(true);
  card.querySelector(".name").textContent = name;
  card.querySelector(".away").onclick = () => {
    forget(card.dataset.key);
    card.remove();
    showWhetherEmpty();
  };
  files.prepend(card);
  showWhetherEmpty();
  return card;
}

function showWhetherEmpty() {
  document.getElementById("none").hidden = files.childElementCount > 0;
}

function say(card, text, share = null) {
  card.querySelector(".state").textContent = text;
  const bar = card.querySelector("progress");
  bar.hidden = text === "";
  if (share === null) bar.removeAttribute("value");
  else bar.value = share;
}

function send(file, card) {
  const asked = new URLSearchParams({ name: file.name });
  if (drop.elements.dataset.value.trim()) asked.set("dataset", drop.elements.dataset.value.trim());
  if (drop.elements.look.checked) asked.set("look", "");
  const request = new XMLHttpRequest();
  request.open("POST", `/files?${asked}`);
  request.upload.onprogress = (event) => {
    const share = event.loaded / Math.max(event.total, 1);
    if (share < 1) say(card, `Sending, ${Math.floor(100 * share)} %`, share);
    else say(card, "Checking …");
  };
  request.onload = () => {
    say(card, "");
    card.querySelector(".answer").innerHTML = request.responseText;
    const key = request.getResponseHeader("Headgate-Key");
    if (key) {
      const upload = { key: decodeURIComponent(key), name: file.name };
      remember([upload, ...remembered()]);
      follow(card, upload.key);
    }
  };
  request.onerror = () => {
    say(card, "");
    card.querySelector(".state").textContent = "The connection broke, or the file changed on the disk.";
    const again = card.querySelector(".again");
    again.hidden = false;
    again.onclick = () => {
      again.hidden = true;
      send(file, card);
    };
  };
  say(card, "Sending", 0);
  request.send(file);
}

async function follow(card, key) {
  card.dataset.key = key;
  const place = card.querySelector(".standing");
  for (let looks = 0; card.isConnected; looks += 1) {
    if (!(await look(place, key))) return;
    const pause = PAUSES[Math.min(looks, PAUSES.length - 1)];
    await new Promise((resume) => setTimeout(resume, 1000 * pause));
  }
}

// Shows how an upload stands, and returns whether that may still change.
async function look(place, key) {
  try {
    const answer = await fetch(`/uploads?${new URLSearchParams({ key })}`);
    place.innerHTML = await answer.text();
    return answer.status === TROUBLE || place.querySelector("[data-open]") !== null;
  } catch {
    place.textContent = "The page's server does not answer; it is asked again.";
    return true;
  }
}

function sendAll(chosen) {
  for (const file of chosen) send(file, newCard(file.name));
}

drop.onsubmit = (event) => event.preventDefault();
drop.querySelector("[type=file]").onchange = (event) => {
  sendAll(event.target.files);
  event.target.value = "";
};
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragover");
    if (kind === "drop") sendAll(event.dataTransfer.files);
  });
}
find.onsubmit = (event) => {
  event.preventDefault();
  const key = find.elements.key.value.trim();
  follow(newCard(key), key);
  find.reset();
};
for (const { key, name } of remembered().reverse()) follow(newCard(name), key);
