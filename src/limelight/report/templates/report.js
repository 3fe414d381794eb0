(() => {
  const box = document.querySelector('.players');
  if (!box) return;
  const sounds = [...box.querySelectorAll('audio')];
  const play = box.querySelector('.play');
  const picks = [...box.querySelectorAll('.switch button')];
  const slider = box.querySelector('input');
  const said = box.querySelector('output');
  const head = document.querySelector('.playhead');
  const lanes = document.querySelector('.lanes');
  const film = Number(lanes.dataset.duration);
  const start = Number(box.dataset.start);
  let heard = 0;
  const now = () => sounds[heard];
  const clock = (s) => {
    const t = Math.floor(s), two = (n) => String(n).padStart(2, '0');
    return Math.floor(t / 3600) + ':' + two(Math.floor(t / 60) % 60) + ':' + two(t % 60);
  };
  const follow = () => {  // the mute one runs along
    const other = sounds[1 - heard];
    if (Math.abs(other.currentTime - now().currentTime) > 0.03) other.currentTime = now().currentTime;
  };
  const show = () => {
    const at = now().currentTime, paused = now().paused;
    slider.value = at / (now().duration || 1);
    said.textContent = clock(start + at);
    head.hidden = false;
    head.style.left = 100 * Math.min(1, (start + at) / film) + '%';
    play.textContent = paused ? 'Play' : 'Pause';
    if (!paused) requestAnimationFrame(show);
  };
  const pick = (which) => {
    const from = now(), to = sounds[which], playing = !from.paused;
    if (Math.abs(to.currentTime - from.currentTime) > 0.03) to.currentTime = from.currentTime;
    heard = which;
    from.muted = true;
    to.muted = false;
    if (playing && to.paused) to.play();
    picks.forEach((button, k) => button.setAttribute('aria-pressed', k === which));
    show();
  };
  const seek = (seconds) => {
    const at = Math.max(0, Math.min(seconds, (now().duration || 0) - 0.01));
    sounds.forEach((sound) => { sound.currentTime = at; });
    show();
  };
  play.onclick = () => {
    if (now().paused) { follow(); sounds.forEach((sound) => sound.play().then(show, () => {})); }
    else { sounds.forEach((sound) => sound.pause()); show(); }
  };
  picks.forEach((button, k) => { button.onclick = () => pick(k); });
  slider.oninput = () => seek(slider.value * (now().duration || 0));
  lanes.onclick = (event) => {
    const area = head.parentElement.getBoundingClientRect();
    seek((event.clientX - area.left) / area.width * film - start);
  };
  sounds.forEach((sound) => { sound.onended = show; });
  sounds[1].muted = true;
  box.querySelector('.transport').hidden = false;
  box.querySelector('.plain').hidden = true;
  document.addEventListener('keydown', (event) => {
    if (event.key === 's' && !event.ctrlKey && !event.metaKey) pick(1 - heard);
  });
})();
