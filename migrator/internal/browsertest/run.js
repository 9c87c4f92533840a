// Reads {input, modules, function} from standard input, and writes what the function returns.
const { chromium } = require('playwright-core');
const { existsSync, readFileSync } = require('fs');

(async () => {
  const job = JSON.parse(readFileSync(0, 'utf8'));
  const run = eval('(' + job.function + ')');
  const path = ['/usr/bin/chromium', '/usr/bin/google-chrome', '/usr/bin/chromium-browser'].find((p) => existsSync(p));
  const browser = await chromium.launch({ executablePath: path, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    process.stdout.write(JSON.stringify(await run(browser, job.input, job.modules)));
  } finally {
    await browser.close();
  }
})().catch((err) => {
  console.error(err);
  process.exit(1);
});
