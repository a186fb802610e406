// Shows on the code page how the mail gets on, and warns before the code ends. Only a help: a reload without scripts says the same.
{
  const ending = document.getElementById("ending"), delivery = document.querySelector(".delivery");
  const loaded = performance.now(), left = Number(ending.dataset.left);

  const warn = (text, before) => setTimeout(() => {
    ending.textContent = text;
    ending.hidden = false; // inside a live region, so it is read out
  }, Math.max(0, left - before));
  for (const [before, text] of [[300000, ending.dataset.five], [60000, ending.dataset.one], [0, ending.dataset.over]]) {
    if (left > before) {
      warn(text, before);
    }
  }

  if (!ending.hidden) {
    warn(ending.textContent, left - 500); // what stood there when the page came is not read out by itself
    ending.hidden = true;
  }

  const ask = async (wait) => {
    try {
      const answer = await fetch(ending.dataset.state, { redirect: "manual", headers: { Accept: "application/json" } });
      if (answer.status === 404 || answer.type === "opaqueredirect") {
        return; // used or closed elsewhere
      }
      if (answer.ok) {
        const { state, text, final } = await answer.json();
        if (delivery.textContent !== text) {
          delivery.className = "delivery delivery-" + state;
          delivery.textContent = text;
        }
        if (final) {
          return;
        }
      }
    } catch {
      // Away for a moment: asked again.
    }
    if (performance.now() - loaded < left) {
      setTimeout(ask, wait, Math.min(wait * 1.5, 15000));
    }
  };
  if (ending.dataset.state && delivery && delivery.matches(".delivery-queued, .delivery-deferred")) {
    setTimeout(ask, 700, 1500);
  }
}
