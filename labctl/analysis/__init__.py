"""Pure results from what was measured: numbers in, numbers out, no instrument in sight."""
