//! TestTerrarium, scripted agents, and the tests that watch the shape of the code. A dev-dependency only.
