#include "accounts/account_store_fake.h"

#include "accounts/account_store_contract.h"

namespace accounts {

INSTANTIATE_TEST_SUITE_P(Fake, AccountStoreContract,
                         testing::Values(StoreFactory([] { return std::make_shared<FakeAccountStore>(); })));

}  // namespace accounts
