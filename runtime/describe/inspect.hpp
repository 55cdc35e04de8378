#pragma once

#include "describe/shape.hpp"

/// CAF inspect for described types, without including CAF: it only calls the inspector. A namespace with described
/// structs that shall travel as CAF messages says `using describe::inspect;` once.
