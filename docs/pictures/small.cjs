// A picture with a palette: a third of the size.
const sharp = require('sharp');
const [, , from, to] = process.argv;
sharp(from).png({ palette: true, dither: 0, effort: 10 }).toFile(to);
