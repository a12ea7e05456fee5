#include "sandbox/spawner_fake.h"

#include "contract/spawner_contract.h"

namespace sandbox {
namespace {

INSTANTIATE_TEST_SUITE_P(Fake, SpawnerContract,
                         testing::Values(SpawnerMaker{"fake", [] { return std::make_shared<FakeSpawner>(); }}));

}  // namespace
}  // namespace sandbox
